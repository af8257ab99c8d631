// The register tile for weights in bf16 and int8: as multiply.h, but a step is a word of the weight, which holds two or
// four numbers of each output. Sums are f32 for bf16 and int32 for int8, in the same 32 bits.
//
// Where the instruction set cannot multiply such words, it widens them on the way: bf16 to f32, int8 to int16, whose
// products two by two cannot overflow (pmaddubsw would saturate). int32 sums are exact, so every form of int8 gives the
// same bits; bf16 is rounded in the order that its form has.
#pragma once
#include "multiply.h"
#include "multiply_tiles.h"

namespace cloze::CLOZE_ISA {

// How rows of x are prepared to meet the words of a weight.
enum RowForm {
  ROWS_BF16,   // words like the weight's
  ROWS_F32,    // rounded to bf16, two floats for each word
  ROWS_UINT8,  // plus 128; sums are 128 times the weight's sum too large
  ROWS_INT16,  // two words for each of the weight's
  ROWS_UINT7,  // plus 127 and cut into two parts of 7 bits, a word of each; sums are 127 times the weight's sum too large
};

struct WordTiles {
  RowForm form;
  MultiplyTile at[TILE_ROWS][PANEL_VECTORS];
  double (*peak)(int64_t rounds);  // as KernelSet's
#if defined(__AVX512F__)
  MultiplyBlock block = nullptr;  // AMX, for whole AMX_STEPS; what is left of the depth goes to `at`
#endif

  // Words of x for each word of the weight.
  constexpr int left_words() const { return form == ROWS_BF16 || form == ROWS_UINT8 ? 1 : 2; }
};

// What one instruction set uses.
struct WordMultipliers {
  const WordTiles* bf16;
  const WordTiles* int8;
};

extern const WordMultipliers plain_multipliers;
#if defined(__AVX512F__)
extern const WordMultipliers vnni_multipliers;       // AVX512_VNNI
extern const WordMultipliers vnni_bf16_multipliers;  // and AVX512_BF16
extern const WordMultipliers amx_multipliers;        // and AMX
#elif defined(__AVX2__)
extern const WordMultipliers vnni_multipliers;  // AVX_VNNI
#endif

}  // namespace cloze::CLOZE_ISA
