package main

// whereToGet says how to install a program that a language needs, to be added to a sentence; empty where
// we do not know.
func whereToGet(program string) string {
	if how, ok := installation[program]; ok {
		return " (" + how + ")"
	}
	return ""
}

// installation is how to get the programs of the built-in languages. Packages have Debian's names; most
// other distributions have the same.
var installation = map[string]string{
	"gcc":      "apt-get install gcc libc6-dev",
	"g++":      "apt-get install g++",
	"python3":  "apt-get install python3-minimal",
	"pypy3":    "apt-get install pypy3",
	"javac":    "apt-get install default-jdk-headless",
	"java":     "apt-get install default-jre-headless",
	"kotlinc":  "apt-get install kotlin, or unpack a release of Kotlin below /usr/local and link bin/kotlinc",
	"go":       "apt-get install golang-go, or unpack go.dev/dl in /usr/local",
	"rustc":    "apt-get install rustc; a toolchain of rustup's needs sandbox.binds and [language.rust]",
	"node":     "apt-get install nodejs",
	"tsc":      "apt-get install node-typescript, or npm install -g typescript",
	"mcs":      "apt-get install mono-mcs",
	"mono":     "apt-get install mono-runtime",
	"bash":     "apt-get install bash",
	"fpc":      "apt-get install fp-compiler",
	"ghc":      "apt-get install ghc",
	"ruby":     "apt-get install ruby",
	"perl":     "apt-get install perl",
	"php":      "apt-get install php-cli",
	"luac":     "apt-get install lua5.4",
	"lua":      "apt-get install lua5.4",
	"ocamlopt": "apt-get install ocaml-nox",
}
