import ts from "typescript";

/** One import of a source file, in whatever form it is written. */
export interface SourceImport {
  /** The text between the quotes; undefined when a dynamic import computes it. */
  specifier: string | undefined;
  line: number;
}

/** Every module that a TypeScript text names: imports, re-exports, `import()` calls and `import("x")` types. */
export function sourceImports(path: string, text: string): SourceImport[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: SourceImport[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    const literal = specifier !== undefined && ts.isStringLiteralLike(specifier) ? specifier.text : undefined;
    found.push({ specifier: literal, line: line + 1 });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier);
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) add(node, node.moduleSpecifier);
    else if (ts.isImportTypeNode(node))
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
