package handshake

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rung is one message as the ladder of doc.go draws it.
type rung struct {
	sender, receiver string // "init, program" on either side means one of them
	files            bool   // drawn with descriptors
}

// readLadder returns the messages of the ladders in doc.go by name.
func readLadder(t *testing.T) map[string]rung {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	require.NoError(t, err)
	ladder := map[string]rung{}
	var left, right string
	for line := range strings.Lines(file.Doc.Text()) {
		switch before, after, arrow := cutArrow(line); {
		case strings.HasPrefix(line, "\t") && arrow == "":
			left, right, _ = strings.Cut(strings.TrimSpace(line), "  ")
			right = strings.TrimSpace(right)
		case arrow == "──>":
			addRung(t, ladder, before, rung{sender: left, receiver: right})
		case arrow == "<──":
			addRung(t, ladder, after, rung{sender: right, receiver: left})
		}
	}
	return ladder
}

func cutArrow(line string) (before, after, arrow string) {
	for _, arrow := range []string{"──>", "<──"} {
		if before, after, ok := strings.Cut(line, arrow); ok {
			return strings.TrimSpace(before), strings.TrimSpace(after), arrow
		}
	}
	return "", "", ""
}

func addRung(t *testing.T, ladder map[string]rung, text string, r rung) {
	name := text
	if i := strings.IndexAny(text, " ;"); i >= 0 {
		name = text[:i]
	}
	r.files = strings.Contains(text, "(+")
	require.NotContains(t, ladder, name, "drawn twice")
	ladder[name] = r
}

// kindComments returns the comment that stands beside each constant of type Kind.
func kindComments(t *testing.T) map[string]string {
	file, err := parser.ParseFile(token.NewFileSet(), "message.go", nil, parser.ParseComments)
	require.NoError(t, err)
	comments := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && spec.Comment != nil {
			comments[spec.Names[0].Name] = strings.TrimSpace(spec.Comment.Text())
		}
		return true
	})
	return comments
}

// kindNames maps the constants' Go names to their values.
var kindNames = map[string]Kind{
	"MappingPlease": MappingPlease, "MappingWritten": MappingWritten, "IntermediateReady": IntermediateReady,
	"SetRoot": SetRoot, "RootReady": RootReady, "Prepare": Prepare, "Ready": Ready, "Go": Go, "Exit": Exit,
	"Gone": Gone, "Error": Error,
}

func TestLadderShowsEveryKindOnce(t *testing.T) {
	ladder := readLadder(t)
	var drawn, known []string
	for name := range ladder {
		drawn = append(drawn, name)
	}
	for k := Kind(1); k < kinds; k++ {
		if k != Error {
			known = append(known, k.String())
		}
	}
	assert.ElementsMatch(t, known, drawn, "the ladder of doc.go and the constants of Kind")
	assert.Len(t, kindNames, int(kinds)-1, "a constant is missing in this test")
}

func TestLadderShowsWhichMessagesCarryDescriptors(t *testing.T) {
	for name, r := range readLadder(t) {
		for k := Kind(1); k < kinds; k++ {
			if k.String() == name {
				assert.Equal(t, shapes[k].maxFDs > 0, r.files, name)
			}
		}
	}
}

func TestLadderNamesTheSenderThatTheConstantNames(t *testing.T) {
	ladder := readLadder(t)
	for name, comment := range kindComments(t) {
		k, ok := kindNames[name]
		if !ok || k == Error {
			continue
		}
		sender, _, found := strings.Cut(comment, ":")
		require.True(t, found, "%s: the comment %q does not begin with the sender", name, comment)
		assert.Contains(t, strings.Split(ladder[k.String()].sender, ", "), sender, name)
	}
}

// speakers says for whom the code in a file or directory below isolate speaks.
var speakers = map[string]string{
	"sandbox_linux.go":      "parent",
	"intermediate_linux.go": "intermediate",
	"internal/child":        "init, program",
}

// TestLadderNamesTheSenderThatSends finds each message that isolate's code makes.
func TestLadderNamesTheSenderThatSends(t *testing.T) {
	ladder := readLadder(t)
	sent := map[string]bool{}
	for place, kinds := range messagesMade(t, "../..") {
		speaker, ok := speakers[place]
		if !ok {
			speaker, ok = speakers[filepath.Dir(place)]
		}
		require.True(t, ok, "%s makes messages: say in speakers for whom", place)
		for _, k := range kinds {
			sent[k.String()] = true
			if k != Error {
				assert.Equal(t, speaker, ladder[k.String()].sender, "%s makes a message %v", place, k)
			}
		}
	}
	for k := Kind(1); k < kinds; k++ {
		assert.True(t, sent[k.String()], "nobody sends %v", k)
	}
}

// messagesMade returns the kinds of the messages that each file below dir makes: as
// handshake.Message{Kind: …}, or as a prepared message of the child.
func messagesMade(t *testing.T, dir string) map[string][]Kind {
	made := map[string][]Kind{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		place, err := filepath.Rel(dir, path)
		ast.Inspect(file, func(n ast.Node) bool {
			for _, e := range kindExpressions(n) {
				if s, ok := e.(*ast.SelectorExpr); ok && kindNames[s.Sel.Name] != 0 {
					made[place] = append(made[place], kindNames[s.Sel.Name])
				}
			}
			return true
		})
		return err
	})
	require.NoError(t, err)
	return made
}

func kindExpressions(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Kind" {
			return []ast.Expr{n.Value}
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "message" {
			return n.Args
		}
	}
	return nil
}
