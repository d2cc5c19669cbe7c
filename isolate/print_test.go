//go:build linux

package isolate

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// set makes a value that is not zero, as deep as it goes.
func set(t *testing.T, v reflect.Value) {
	t.Helper()
	switch x := v.Addr().Interface().(type) {
	case **os.File:
		*x = os.Stderr
		return
	case *io.Writer:
		*x = os.Stderr
		return
	case **Scratch:
		*x = &Scratch{place: "/place"}
		return
	case *Landlock:
		*x = Landlock{}.Read("/place")
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		set(t, v.Index(0))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		set(t, v.Elem())
	case reflect.Func:
		v.Set(reflect.MakeFunc(v.Type(), nil))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				set(t, v.Field(i))
			}
		}
	default:
		require.Fail(t, "a new kind of field", v.Type().String())
	}
}

// names are those of all fields, also of those within.
func names(typ reflect.Type) (found []string) {
	switch typ.Kind() {
	case reflect.Slice:
		return names(typ.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	for i := range typ.NumField() {
		if f := typ.Field(i); f.IsExported() {
			found = append(append(found, f.Name), names(f.Type)...)
		}
	}
	return found
}

// TestAllThatIsSetIsNamed sets each field by itself, by reflection: who adds one is told here.
func TestAllThatIsSetIsNamed(t *testing.T) {
	for _, empty := range []any{Program{}, Root{}, Config{}} {
		typ := reflect.TypeOf(empty)
		assert.Equal(t, typ.String()+"{}", fmt.Sprint(empty))
		for i := range typ.NumField() {
			v := reflect.New(typ).Elem()
			set(t, v.Field(i))
			text := fmt.Sprint(v.Interface())
			assert.Contains(t, text, typ.String()+"{"+typ.Field(i).Name+": ")
			for _, name := range names(typ.Field(i).Type) {
				if typ.Field(i).Type != reflect.TypeFor[IDs]() || name != "Inside" && name != "Outside" && name != "Count" { // said in words
					assert.Contains(t, text, name+": ")
				}
			}
		}
	}
}

func TestPrintedForDebugging(t *testing.T) {
	p := Program{
		Path: "sh", Args: []string{"sh", "-c", "exit"}, Stdout: os.Stdout, Stderr: &Buffer{}, Timeout: time.Second,
		Root: &Root{Layers: []Layer{{Path: "/a"}, {Scratch: &Scratch{place: "/proc/7"}}}, Hooks: Hooks{BeforeExec: func(int) error { return nil }},
			Create: []Entry{{Path: "/b", Mode: fs.ModeDir | 0o700}, {Path: "/c", Content: strings.Repeat("x", 2000)}}},
		Files: []*os.File{nil}, Rlimits: []Rlimit{{7, 1, 2}},
	}
	assert.Equal(t, `isolate.Program{Path: "sh", Args: ["sh", "-c", "exit"], `+
		`Root: isolate.Root{Layers: [isolate.Layer{Path: "/a"}, isolate.Layer{Scratch: scratch /proc/7}], `+
		`Create: [isolate.Entry{Path: "/b", Mode: drwx------}, isolate.Entry{Path: "/c", Content: "`+strings.Repeat("x", 200)+`"… of 2000 bytes}], `+
		`Hooks: isolate.Hooks{BeforeExec: func(int) error}}, `+
		`Stdout: "/dev/stdout", Stderr: *isolate.Buffer, Files: [nil], Timeout: 1s, `+
		`Rlimits: [isolate.Rlimit{Resource: 7, Soft: 1, Hard: 2}]}`, p.String())
	c := Config{Network: Loopback, Share: ShareIPC, IDs: IDs{User: 7, UserMap: []IDMap{{1, 2, 3}}}}
	assert.Equal(t, `isolate.Config{Network: "loopback", Share: ipc, IDs: isolate.IDs{User: 7, UserMap: [1 to 3 are 2 to 4 of the host]}}`, c.String())
}

// Records must not mix what was made in different sandboxes.
func TestConfigsThatDifferInAnythingAreNotEqual(t *testing.T) {
	typ := reflect.TypeFor[Config]()
	for i := range typ.NumField() {
		v := reflect.New(typ).Elem()
		set(t, v.Field(i))
		c := v.Interface().(Config)
		assert.False(t, c.Equal(Config{}), typ.Field(i).Name)
		assert.True(t, c.Equal(c), typ.Field(i).Name)
	}
}
