package piston

import "slices"

// language is a language of ours under its name in Piston.
type language struct {
	own       string // in judge
	name      string
	aliases   []string
	runtime   string   // empty: it is the only one
	extension string   // that a source file gets which has none of the language's
	known     []string // further extensions of the language
	// interpreted languages have no compile stage: what is wrong with a program shows when it runs.
	interpreted bool
}

// languages are those that have another name or more names in Piston, or are interpreted. Others have the name
// that they have in judge.
var languages = []language{
	{own: "bash", name: "bash", aliases: []string{"sh"}, extension: ".sh", known: []string{".bash"}, interpreted: true},
	{own: "c", name: "c", aliases: []string{"gcc"}, runtime: "gcc", extension: ".c"},
	{own: "cpp", name: "c++", aliases: []string{"cpp", "g++"}, runtime: "gcc", extension: ".cpp", known: []string{".cc", ".cxx", ".c++", ".C"}},
	{own: "csharp", name: "csharp", aliases: []string{"c#", "cs", "mono-csharp", "mono-c#"}, runtime: "mono", extension: ".cs"},
	{own: "go", name: "go", aliases: []string{"golang"}, extension: ".go"},
	{own: "haskell", name: "haskell", aliases: []string{"hs"}, extension: ".hs"},
	{own: "java", name: "java", extension: ".java"},
	{own: "javascript", name: "javascript", aliases: []string{"node-javascript", "node-js", "js"}, runtime: "node", extension: ".js", known: []string{".mjs", ".cjs"}, interpreted: true},
	{own: "kotlin", name: "kotlin", aliases: []string{"kt"}, extension: ".kt"},
	{own: "lua", name: "lua", extension: ".lua", interpreted: true},
	{own: "ocaml", name: "ocaml", aliases: []string{"ml"}, extension: ".ml"},
	{own: "pascal", name: "pascal", aliases: []string{"freepascal", "pp", "pas"}, extension: ".pas", known: []string{".pp", ".dpr"}},
	{own: "perl", name: "perl", aliases: []string{"pl"}, extension: ".pl", interpreted: true},
	{own: "php", name: "php", extension: ".php", interpreted: true},
	{own: "pypy", name: "pypy", aliases: []string{"pypy3"}, extension: ".pypy", known: []string{".py"}, interpreted: true},
	{own: "python", name: "python", aliases: []string{"py", "py3", "python3"}, extension: ".py", interpreted: true},
	{own: "ruby", name: "ruby", aliases: []string{"rb", "ruby3"}, extension: ".rb", interpreted: true},
	{own: "rust", name: "rust", aliases: []string{"rs"}, extension: ".rs"},
	{own: "typescript", name: "typescript", aliases: []string{"ts", "node-typescript", "node-ts"}, runtime: "node", extension: ".ts"},
}

// languageOf is a language by its name in judge.
func languageOf(own string) language {
	if i := slices.IndexFunc(languages, func(l language) bool { return l.own == own }); i >= 0 {
		return languages[i]
	}
	return language{own: own, name: own}
}

// called tells whether a language has a name.
func (l language) called(name string) bool { return l.name == name || slices.Contains(l.aliases, name) }

// has tells whether a file with an extension is one of the language's sources.
func (l language) has(extension string) bool {
	return l.extension == "" || extension == l.extension || slices.Contains(l.known, extension)
}
