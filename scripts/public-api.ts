import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Something that a user can name, or a part of it. */
export interface ApiEntry {
  name: string;
  kind: "class" | "function" | "type" | "constant";
  /** TypeScript, without the body. */
  signature: string;
  /** The docstring's text; empty when there is none. */
  documentation: string;
  members: ApiMember[];
}

export interface ApiMember {
  name: string;
  signature: string;
  documentation: string;
  /** Whether a docstring is asked for: methods of classes must have one, fields with telling names need none. */
  isMethod: boolean;
}

/** The public names of each door of the package, as package.json's `exports` lists them: `cloze`, `cloze/models`, ... */
export function readPublicApi(root: string): Map<string, ApiEntry[]> {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const doors = Object.entries<{ types?: string }>(manifest.exports).flatMap(([door, { types }]) => {
    if (types === undefined) return [];
    return [[join(manifest.name, door), join(root, types.replace("dist/", "src/").replace(".d.ts", ".ts"))] as const];
  });
  const program = createProgram(
    root,
    doors.map(([, file]) => file),
  );
  const checker = program.getTypeChecker();
  return new Map(doors.map(([door, file]) => [door, doorEntries(program, checker, file)]));
}

function createProgram(root: string, files: string[]): ts.Program {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  return ts.createProgram(files, options);
}

function doorEntries(program: ts.Program, checker: ts.TypeChecker, file: string): ApiEntry[] {
  const source = program.getSourceFile(file);
  const symbol = source && checker.getSymbolAtLocation(source);
  if (symbol === undefined) throw new Error(`${file} is not there, or exports nothing`);
  const entries = checker.getExportsOfModule(symbol).map((exported) => {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    return describe(checker, exported.name, isAlias ? checker.getAliasedSymbol(exported) : exported);
  });
  return entries.sort((a, b) => a.name.localeCompare(b.name, "en"));
}

function describe(checker: ts.TypeChecker, name: string, symbol: ts.Symbol): ApiEntry {
  const declaration = symbol.declarations?.[0];
  if (declaration === undefined) throw new Error(`${name} has no declaration`);
  const documentation = documentationOf(checker, symbol);
  if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)) {
    const kind = ts.isClassDeclaration(declaration) ? "class" : "type";
    const members = declaration.members.filter(isPublic).flatMap((member) => describeMember(checker, member));
    return { name, kind, signature: heading(declaration), documentation, members };
  }
  if (ts.isFunctionDeclaration(declaration)) {
    const signature = (symbol.declarations ?? []).map((overload) => withoutBody(overload)).join("\n");
    return { name, kind: "function", signature, documentation, members: [] };
  }
  if (ts.isTypeAliasDeclaration(declaration)) {
    return { name, kind: "type", signature: strip(declaration.getText()), documentation, members: [] };
  }
  const type = checker.typeToString(checker.getTypeOfSymbol(symbol), declaration);
  return { name, kind: "constant", signature: `const ${name}: ${type}`, documentation, members: [] };
}

function describeMember(checker: ts.TypeChecker, member: ts.ClassElement | ts.TypeElement): ApiMember[] {
  const symbol = member.name && checker.getSymbolAtLocation(member.name);
  if (symbol === undefined) return [];
  const isMethod = ts.isMethodDeclaration(member) || ts.isGetAccessor(member);
  const documentation = documentationOf(checker, symbol);
  return [{ name: member.name!.getText(), signature: withoutBody(member), documentation, isMethod }];
}

function documentationOf(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const tags = symbol.getJsDocTags(checker).map(({ name, text: parts }) => {
    const words = ts.displayPartsToString(parts);
    return name === "throws"
      ? `Throws ${words}`
      : `\`${words.split(" ", 1)[0]}\`: ${words.split(" ").slice(1).join(" ")}`;
  });
  return [text, ...tags].filter((part) => part !== "").join("\n\n");
}

function isPublic(member: ts.ClassElement | ts.TypeElement): boolean {
  const flags = ts.getCombinedModifierFlags(member as ts.Declaration);
  const isHidden = (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0;
  return !isHidden && !(member.name !== undefined && ts.isPrivateIdentifier(member.name));
}

/** `class Embedder implements AsyncDisposable`: the declaration up to its members. */
function heading(declaration: ts.ClassDeclaration | ts.InterfaceDeclaration): string {
  const text = declaration.getText();
  const members = declaration.members;
  return strip(text.slice(0, members.pos - 1 - declaration.getStart()));
}

function withoutBody(declaration: ts.Node): string {
  const { body } = declaration as Partial<ts.FunctionDeclaration>;
  const text = declaration.getText();
  return strip(body === undefined ? text : text.slice(0, body.getStart() - declaration.getStart()));
}

/** One line, without comments and `export`. */
function strip(text: string): string {
  const plain = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
  return plain
    .replace(/^(export |declare )+/, "")
    .replace(/\s+/g, " ")
    .trim();
}
