package serve

import (
	"bytes"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/serve/gojudge"
	"judge/judge/serve/piston"
)

// description is openapi.json as tests use it.
var description = sync.OnceValue(func() *apiDescription {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(OpenAPI))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("openapi.json", value); err != nil {
		panic(err)
	}
	return &apiDescription{root: value.(map[string]any), compiler: c, schemas: map[string]*jsonschema.Schema{}}
})

type apiDescription struct {
	root     map[string]any
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema
}

// at follows names into the document, and references.
func (d *apiDescription) at(names ...string) (value map[string]any, pointer string) {
	var here any = d.root
	for i := 0; i < len(names); i++ {
		object, ok := here.(map[string]any)
		if !ok {
			return nil, ""
		}
		here = object[names[i]]
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(names[i])
		if object, ok := here.(map[string]any); ok {
			if to, ok := object["$ref"].(string); ok {
				rest := names[i+1:]
				names = append(strings.Split(strings.TrimPrefix(to, "#/"), "/"), rest...)
				here, pointer, i = d.root, "", -1
			}
		}
	}
	value, _ = here.(map[string]any)
	return value, pointer
}

// schema compiles the one at a place.
func (d *apiDescription) schema(pointer string) (*jsonschema.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.schemas[pointer]; s != nil {
		return s, nil
	}
	s, err := d.compiler.Compile("openapi.json#" + pointer)
	d.schemas[pointer] = s
	return s, err
}

// path is the path of the document that a request's path is of; empty: none.
func (d *apiDescription) path(of string) string {
	paths, _ := d.at("paths")
	best := ""
	for pattern := range paths {
		want, have := strings.Split(pattern, "/"), strings.Split(of, "/")
		if len(want) == len(have) && !slices.ContainsFunc(want, func(part string) bool { return false }) {
			fits := true
			for i := range want {
				fits = fits && (want[i] == have[i] || strings.HasPrefix(want[i], "{") && have[i] != "")
			}
			if fits && (best == "" || !strings.Contains(pattern, "{")) {
				best = pattern
			}
		}
	}
	return best
}

// checkAnswer compares an answer with what openapi.json says of it, and with what holds for all.
func checkAnswer(t *testing.T, method, path string, status int, header http.Header, body []byte) {
	t.Helper()
	d := description()
	assert.NotEmpty(t, header.Get("X-Request-Id"))
	assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
	assert.Empty(t, header.Get("Access-Control-Allow-Origin"))
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if status >= 400 {
		require.Equal(t, "application/problem+json", kind, "%s %s: %d %s", method, path, status, body)
	}
	pattern, verb := d.path(path), strings.ToLower(method)
	if verb == "head" {
		verb = "get"
	}
	_, pointer := d.at("components", "responses", "Problem", "content", kind, "schema")
	if operation, _ := d.at("paths", pattern, verb); pattern != "" && operation != nil && status != http.StatusMethodNotAllowed {
		response, _ := d.at("paths", pattern, verb, "responses", strconv.Itoa(status))
		require.NotNil(t, response, "openapi.json has no answer %d of %s %s: %s", status, method, pattern, body)
		if response["content"] == nil {
			assert.Empty(t, body)
			return
		}
		var schema any
		schema, pointer = d.at("paths", pattern, verb, "responses", strconv.Itoa(status), "content", kind, "schema")
		require.NotNil(t, schema, "openapi.json has no content %s of answer %d of %s %s", kind, status, method, pattern)
	}
	if method == http.MethodHead {
		assert.Empty(t, body)
		return
	}
	schema, err := d.schema(pointer)
	require.NoError(t, err)
	for _, value := range valuesOf(t, kind, body) {
		require.NoError(t, schema.Validate(value), "%s %s: %d %s", method, path, status, body)
	}
}

// valuesOf is what is to be validated of a body.
func valuesOf(t *testing.T, kind string, body []byte) (values []any) {
	t.Helper()
	var texts []string
	switch kind {
	case "application/json", "application/problem+json":
		texts = []string{string(body)}
	case "application/x-ndjson":
		texts = strings.Split(strings.TrimSpace(string(body)), "\n")
	}
	for _, text := range texts {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		require.NoError(t, err, text)
		values = append(values, value)
	}
	return values
}

func TestOpenAPIHasEveryRouteAndNoOther(t *testing.T) {
	s := New(Options{Queue: newMemoryQueue(), Doors: everyDoor(), Page: http.NotFoundHandler()})
	defer s.Close()
	var served []string
	for _, r := range s.routes(everyDoor()) {
		name := strings.ReplaceAll(r.pattern, "{$}", "")
		if strings.HasSuffix(name, "/page/") {
			name += "{file}"
		}
		served = append(served, name)
	}
	var described []string
	paths, _ := description().at("paths")
	for path, item := range paths {
		for method := range item.(map[string]any) {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	assert.Equal(t, served, described)
}

func everyDoor() (doors []Door) {
	for _, pattern := range slices.Concat(gojudge.Patterns, piston.Patterns) {
		doors = append(doors, Door{Pattern: pattern, Handler: http.NotFoundHandler()})
	}
	return doors
}

func TestOpenAPIIsSound(t *testing.T) {
	d := description()
	assert.Regexp(t, `^3\.1\.`, d.root["openapi"])
	schemas, _ := d.at("components", "schemas")
	for name := range schemas {
		_, err := d.schema("/components/schemas/" + name)
		assert.NoError(t, err, name)
	}
	seen := map[string]bool{}
	paths, _ := d.at("paths")
	for path, item := range paths {
		for method, operation := range item.(map[string]any) {
			o := operation.(map[string]any)
			id, _ := o["operationId"].(string)
			assert.NotEmpty(t, id, "%s %s", method, path)
			assert.False(t, seen[id], "operation %s is there twice", id)
			seen[id] = true
			assert.NotEmpty(t, o["summary"], "%s %s", method, path)
			for _, part := range strings.Split(path, "/") { // each part that varies has a parameter
				if name, ok := strings.CutPrefix(part, "{"); ok {
					assert.Contains(t, d.parameters(o), strings.TrimSuffix(name, "}"), "%s %s", method, path)
				}
			}
		}
	}
	var references func(any)
	references = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			if to, ok := v["$ref"].(string); ok {
				target, _ := d.at(strings.Split(strings.TrimPrefix(to, "#/"), "/")...)
				assert.NotNil(t, target, to)
			}
			for _, below := range v {
				references(below)
			}
		case []any:
			for _, below := range v {
				references(below)
			}
		}
	}
	references(d.root)
}

// parameters are the names of an operation's parameters in its path.
func (d *apiDescription) parameters(operation map[string]any) (names []string) {
	list, _ := operation["parameters"].([]any)
	for _, one := range list {
		p := one.(map[string]any)
		if to, ok := p["$ref"].(string); ok {
			p, _ = d.at(strings.Split(strings.TrimPrefix(to, "#/"), "/")...)
		}
		if p["in"] == "path" {
			names = append(names, p["name"].(string))
		}
	}
	return names
}

func TestOpenAPIIsServed(t *testing.T) {
	a := newAPI(t, nil)
	answer := a.get("/openapi.json")
	assert.Equal(t, http.StatusOK, answer.status)
	assert.Equal(t, OpenAPI, answer.body)
}
