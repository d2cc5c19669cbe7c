package isolate

import (
	"fmt"
	"os"
	"reflect"
	"strings"
)

// String names all that is set, for debugging: isolate.Program{Path: "sh", Timeout: 1s}. It may be long,
// and has what the environment has.
func (p Program) String() string { return shownStruct(reflect.ValueOf(p)) }

// String names all that is set, for debugging.
func (r Root) String() string { return shownStruct(reflect.ValueOf(r)) }

// String names all that is set, for debugging.
func (c Config) String() string { return shownStruct(reflect.ValueOf(c)) }

// shownStruct names the fields that are not zero.
func shownStruct(v reflect.Value) string {
	var fields []string
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && !v.Field(i).IsZero() {
			fields = append(fields, f.Name+": "+shown(v.Field(i)))
		}
	}
	return v.Type().String() + "{" + strings.Join(fields, ", ") + "}"
}

// maxShown is how many bytes of a string are shown.
const maxShown = 200

func shown(v reflect.Value) string {
	if v.Kind() == reflect.Interface {
		return shownWriter(v.Elem())
	}
	switch x := v.Interface().(type) {
	case *os.File:
		if x == nil {
			return "nil"
		}
		return fmt.Sprintf("%q", x.Name())
	case fmt.Stringer:
		if v.Kind() != reflect.Pointer || !v.IsNil() {
			return x.String()
		}
	}
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); len(s) > maxShown {
			return fmt.Sprintf("%q… of %d bytes", s[:maxShown], len(s))
		}
		return fmt.Sprintf("%q", v.String())
	case reflect.Slice:
		var elements []string
		for i := range v.Len() {
			elements = append(elements, shown(v.Index(i)))
		}
		return "[" + strings.Join(elements, ", ") + "]"
	case reflect.Struct:
		return shownStruct(v)
	case reflect.Func, reflect.Pointer:
		if v.IsNil() {
			return "nil"
		}
		return v.Type().String()
	}
	return fmt.Sprint(v.Interface())
}

// shownWriter shows what it is, and not what was written to it.
func shownWriter(v reflect.Value) string {
	if f, ok := v.Interface().(*os.File); ok {
		return shown(reflect.ValueOf(f))
	}
	return v.Type().String()
}
