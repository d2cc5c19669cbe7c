package judge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestJavaClasses(t *testing.T) {
	cases := []struct {
		name, source string
		file, main   string // of a submission x.java
	}{
		{"public class", `public class Main { public static void main(String[] a) {} }`, "Main.java", "Main"},
		{"no public class", `class A {} class B { static public void main(String... a) {} }`, "x.java", "B"},
		{"package", "package org . example.app;\nclass A { public static void main(String[] a) {} }", "x.java", "org.example.app.A"},
		{"public class has no main", `public class A {} class B { public static void main(String[] a) {} }`, "A.java", "B"},
		{"both have one: the public one", `class B { static void main(String[] a) {} } public class A { static void main(String[] a) {} }`, "A.java", "A"},
		{"of a nested class", `class A { static class B { public static void main(String[] a) {} } }`, "x.java", "x"},
		{"not a declaration", `class A { void f() { main(1); } int main; }`, "x.java", "x"},
		{"comments and strings", "// public class C {\n/* public class D { */ class A { String s = \"{ public class E\\\"\"; char c = '{';\n" +
			"String t = \"\"\"\n public class F { \\\"\"\" \"\"\"; public static void main(String[] a) {} }", "x.java", "A"},
		{"annotations and generics", `@Anno(value = X.class) public final class A<T extends Comparable<T>> { static <U> void main(String[] a) {} }`, "A.java", "A"},
		{"record, enum, interface", `record R(int a) {} enum E { X { } } interface I { static void main(String[] a) {} }`, "x.java", "I"},
		{"a class whose name no file can have", `public class ` + strings.Repeat("a", 251) + ` { public static void main(String[] a) {} }`, "x.java", strings.Repeat("a", 251)},
		{"not Java at all", "}}}} class", "x.java", "x"},
		{"empty", "", "x.java", "x"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := &Language{Run: []string{"{main}"}, Extensions: []string{".java"}, MainClass: true}
			files := []SourceFile{{Name: "x.java", Data: Data{Text: c.source}}}
			code := NewCode(l, files...)
			assert.Equal(t, []string{c.file}, code.Names())
			assert.Equal(t, c.main, code.values(l.Limits)["main"])
			assert.Equal(t, "x.java", files[0].Name, "the caller's files are not changed")
		})
	}
}

func FuzzJavaClasses(f *testing.F) {
	f.Add(`package a.b; public class Main { public static void main(String[] a) { String s = "\""; } }`)
	f.Add("\"\"\" ' /* }{(")
	f.Fuzz(func(t *testing.T, source string) { readClasses(source).main() })
}
