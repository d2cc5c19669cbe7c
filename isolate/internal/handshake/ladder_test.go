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

// declared are the constants of type Kind, as message.go has them: their Go names, and the comments
// that stand beside them, by value.
type declared struct {
	kinds    map[string]Kind
	comments map[Kind]string
}

func readConstants(t *testing.T) declared {
	file, err := parser.ParseFile(token.NewFileSet(), "message.go", nil, parser.ParseComments)
	require.NoError(t, err)
	d := declared{map[string]Kind{}, map[Kind]string{}}
	for _, decl := range file.Decls {
		group, ok := decl.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST || !isKind(group.Specs[0]) {
			continue
		}
		for k, spec := range group.Specs {
			spec := spec.(*ast.ValueSpec)
			if ast.IsExported(spec.Names[0].Name) {
				d.kinds[spec.Names[0].Name] = Kind(k)
				d.comments[Kind(k)] = strings.TrimSpace(spec.Comment.Text())
			}
		}
	}
	require.Len(t, d.kinds, int(kinds)-1)
	return d
}

func isKind(s ast.Spec) bool {
	t, ok := s.(*ast.ValueSpec).Type.(*ast.Ident)
	return ok && t.Name == "Kind"
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
	for k, comment := range readConstants(t).comments {
		if k == Error {
			continue
		}
		senders, _, found := strings.Cut(comment, ":")
		require.True(t, found, "%v: the comment %q does not begin with the sender", k, comment)
		for sender := range strings.SplitSeq(senders, ", ") {
			assert.Contains(t, strings.Split(ladder[k.String()].sender, ", "), sender, "%v", k)
		}
	}
}

// speakers says for whom the code of isolate speaks, by the beginning of the file's path. The
// parent has the rest.
var speakers = map[string]string{
	"intermediate":   "intermediate",
	"attach":         "intermediate",
	"clone":          "intermediate",
	"reap":           "intermediate",
	"keeper":         "keeper",
	"internal/child": "init, program",
	"steps":          "init, program",
	"walls":          "init, program",
}

func speakerOf(file string) string {
	for prefix, speaker := range speakers {
		if strings.HasPrefix(file, prefix) {
			return speaker
		}
	}
	return "parent"
}

// TestLadderNamesTheSenderThatSends finds each message that isolate's code makes.
func TestLadderNamesTheSenderThatSends(t *testing.T) {
	ladder := readLadder(t)
	sent := map[Kind]bool{}
	for file, kinds := range messagesMade(t, "../..") {
		for _, k := range kinds {
			sent[k] = true
			if k != Error {
				assert.Equal(t, ladder[k.String()].sender, speakerOf(file), "%s makes a message %v", file, k)
			}
		}
	}
	for k := Kind(1); k < kinds; k++ {
		assert.True(t, sent[k], "nobody sends %v", k)
	}
}

// messagesMade returns the kinds of the messages that each file below dir makes: the values of a
// field Kind, and the prepared messages of the child.
func messagesMade(t *testing.T, dir string) map[string][]Kind {
	kinds := readConstants(t).kinds
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
				if s, ok := e.(*ast.SelectorExpr); ok && kinds[s.Sel.Name] != 0 {
					made[place] = append(made[place], kinds[s.Sel.Name])
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
	case *ast.AssignStmt:
		for _, left := range n.Lhs {
			if s, ok := left.(*ast.SelectorExpr); ok && s.Sel.Name == "Kind" {
				return n.Rhs
			}
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "message" {
			return n.Args
		}
	}
	return nil
}
