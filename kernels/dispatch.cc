#include "dispatch.h"

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace cloze {

#if defined(__x86_64__)

namespace sse2 { extern const KernelSet kernel_set; }
namespace avx2 { extern const KernelSet kernel_set, vnni_kernel_set; }
namespace avx512 { extern const KernelSet kernel_set, vnni_kernel_set, vnni_bf16_kernel_set, amx_kernel_set; }

namespace {

// Feature bits by CPUID leaf and register, Intel SDM volume 2A, "CPUID". The system must save the wide registers too:
// bits of XCR0, SDM volume 1, section 13.3.
struct Features {
  bool fma, f16c, avx, avx2, avx512f, avx512dq, avx512bw, avx512vl;
  bool intel;
  bool avx_vnni, avx512_vnni, avx512_bf16, avx512_fp16, amx_bf16, amx_int8;
};

bool bit(unsigned word, int number) { return (word >> number & 1) != 0; }

uint64_t saved_registers() {
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

Features read_features() {
  Features found = {};
  unsigned a, b, c, d;
  found.intel = __get_cpuid(0, &a, &b, &c, &d) && b == 0x756e6547;  // "Genu"
  if (!__get_cpuid(1, &a, &b, &c, &d) || !bit(c, 27)) return found;  // OSXSAVE: xgetbv may be asked
  const uint64_t saved = saved_registers();
  const bool wide = (saved & 0x6) == 0x6;         // xmm, ymm
  const bool wider = wide && (saved & 0xe0) == 0xe0;  // opmask, zmm
  const bool tiles = (saved & 0x60000) == 0x60000;
  found.fma = wide && bit(c, 12);
  found.avx = wide && bit(c, 28);
  found.f16c = wide && bit(c, 29);
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  found.avx2 = wide && bit(b, 5);
  found.avx512f = wider && bit(b, 16);
  found.avx512dq = wider && bit(b, 17);
  found.avx512bw = wider && bit(b, 30);
  found.avx512vl = wider && bit(b, 31);
  found.avx512_vnni = wider && bit(c, 11);
  found.avx512_fp16 = wider && bit(d, 23);
  found.amx_bf16 = tiles && bit(d, 22);
  found.amx_int8 = tiles && bit(d, 25);
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) {
    found.avx_vnni = wide && bit(a, 4);
    found.avx512_bf16 = wider && bit(a, 5);
  }
  return found;
}

// Linux keeps room for the tile registers of those processes that ask (arch_prctl(2), ARCH_REQ_XCOMP_PERM).
bool may_use_amx() {
#if defined(__linux__)
  constexpr long REQUEST_PERMISSION = 0x1023, TILE_DATA = 18;
  return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
  return false;
#endif
}

const Features& features() {
  static const Features found = read_features();
  return found;
}

}  // namespace

const KernelSet* const* kernel_sets() {
  static const KernelSet* sets[8];
  const Features& has = features();
  int count = 0;
  const bool avx2 = has.avx && has.avx2 && has.fma && has.f16c;
  const bool avx512 = avx2 && has.avx512f && has.avx512dq && has.avx512bw && has.avx512vl;
  // Intel's processors are slower at bf16 in vectors than at f32 (vdpbf16ps: 105 of a peak of 110 GF/s a core of Sapphire Rapids, where
  // widening to f32 gives 160).
  const bool bf16 = avx512 && has.avx512_vnni && has.avx512_bf16;
  if (bf16 && has.amx_bf16 && has.amx_int8 && may_use_amx()) sets[count++] = &avx512::amx_kernel_set;
  if (bf16 && !has.intel) sets[count++] = &avx512::vnni_bf16_kernel_set;
  if (avx512 && has.avx512_vnni) sets[count++] = &avx512::vnni_kernel_set;
  if (bf16 && has.intel) sets[count++] = &avx512::vnni_bf16_kernel_set;
  if (avx512) sets[count++] = &avx512::kernel_set;
  if (avx2 && has.avx_vnni) sets[count++] = &avx2::vnni_kernel_set;
  if (avx2) sets[count++] = &avx2::kernel_set;
  sets[count++] = &sse2::kernel_set;
  sets[count] = nullptr;
  return sets;
}

const char* processor_features() {
  static char text[192];
  const Features& has = features();
  const struct { bool has; const char* name; } named[] = {
      {has.avx, "avx"}, {has.avx2, "avx2"}, {has.fma, "fma"}, {has.f16c, "f16c"},
      {has.avx512f, "avx512f"}, {has.avx512bw, "avx512bw"}, {has.avx512dq, "avx512dq"}, {has.avx512vl, "avx512vl"},
      {has.avx_vnni, "avx_vnni"}, {has.avx512_vnni, "avx512_vnni"}, {has.avx512_bf16, "avx512_bf16"}, {has.avx512_fp16, "avx512_fp16"},
      {has.amx_bf16, "amx_bf16"}, {has.amx_int8, "amx_int8"},
  };
  char* end = text;
  for (const auto& feature : named) {
    if (!feature.has) continue;
    if (end != text) *end++ = ' ';
    for (const char* letter = feature.name; *letter != 0; letter++) *end++ = *letter;
  }
  *end = 0;
  return text;
}

#else

namespace neon { extern const KernelSet kernel_set; }

const KernelSet* const* kernel_sets() {
  static const KernelSet* const sets[] = {&neon::kernel_set, nullptr};
  return sets;
}

const char* processor_features() { return "neon"; }

#endif

}  // namespace cloze
