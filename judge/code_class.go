package judge

import (
	"io"
	"path"
	"regexp"
	"strings"
	"sync"
)

// maxLook is how much of a source file is looked into.
const maxLook = 1 << 20

// look returns the beginning of a source file as text; empty when it cannot be read.
func (f SourceFile) look() string {
	content, err := f.Data.open()
	if err != nil {
		return ""
	}
	defer content.Close()
	text, err := io.ReadAll(io.LimitReader(content, maxLook))
	if err != nil {
		return ""
	}
	return string(text)
}

// maxFileName is the longest name of a file, in bytes.
const maxFileName = 255

// nameByClass finds the class to start. A program of one file may come under any name: the file gets the
// name that its public class asks for, unless no file can have it, which is the compiler's to say.
func (c *Code) nameByClass() {
	classes := readClasses(c.Files[0].look())
	c.Main = classes.main()
	name := classes.public + path.Ext(c.Files[0].Name)
	if classes.public != "" && len(c.Files) == 1 && len(name) <= maxFileName {
		c.Files[0].Name = path.Join(path.Dir(c.Files[0].Name), name)
	}
}

// classes is what a Java source file declares at the top.
type classes struct {
	pkg      string   // its package; empty: none
	public   string   // its public class; empty: none
	withMain []string // those that have a main method
}

// main is the full name of the class to start: the public one if that has a main method, else the first
// that has; empty when there is none.
func (c classes) main() string {
	if len(c.withMain) == 0 {
		return ""
	}
	name := c.withMain[0]
	for _, other := range c.withMain {
		if other == c.public {
			name = other
		}
	}
	if c.pkg != "" {
		name = c.pkg + "." + name
	}
	return name
}

// javaNoise is what has no words of the language in it: comments, text blocks, strings and characters.
// Braces, and names with package dots, are tokens of their own.
var (
	javaNoise = compiledLate(`(?s)//[^\n]*|/\*.*?\*/|"""(?:\\.|.)*?"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`)
	javaToken = compiledLate(`[\pL_$][\pL\pN_$]*|[{}();]`)
	javaName  = compiledLate(`(?m)\bpackage\s+([\pL_$][\pL\pN_$]*(?:\s*\.\s*[\pL_$][\pL\pN_$]*)*)\s*;`)
)

// compiledLate is MustCompile at the first use: all of Unicode's letters take a while.
func compiledLate(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// readClasses reads what a Java source file declares. It knows as much of the language as it takes to tell
// a declaration from its body; unicode escapes outside strings hide words from it.
func readClasses(source string) classes {
	source = javaNoise().ReplaceAllString(source, ` "" `)
	var result classes
	if m := javaName().FindStringSubmatch(source); m != nil {
		result.pkg = strings.Join(strings.Fields(strings.ReplaceAll(m[1], ".", " ")), ".")
	}
	tokens := javaToken().FindAllString(source, -1)
	depth, parentheses, class := 0, 0, ""
	public, static := false, false // among the words of the declaration that is being read
	for i, token := range tokens {
		next := ""
		if i+1 < len(tokens) {
			next = tokens[i+1]
		}
		switch token {
		case "{":
			depth++
		case "}":
			depth--
		case "(":
			parentheses++
		case ")":
			parentheses--
		case "public":
			public = true
		case "static":
			static = true
		case "class", "interface", "enum", "record":
			if depth == 0 && parentheses == 0 && isWord(next) {
				class = next
				if public {
					result.public = class
				}
			}
		case "main":
			if depth == 1 && static && next == "(" && class != "" {
				result.withMain = append(result.withMain, class)
			}
		}
		if token == "{" || token == "}" || token == ";" {
			public, static = false, false
		}
	}
	return result
}

// isWord says whether a token is a name.
func isWord(token string) bool { return token != "" && !strings.Contains("{}();", token) }
