package serve

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge/queue"
)

func TestContentOfManyNamesIsPlacedOnce(t *testing.T) {
	a := newAPI(t, nil)
	stored := as[queue.File](t, a.do(http.MethodPost, "/v1/files", "print(1)"), http.StatusCreated)
	files := map[string]content{"tasks.toml": {data: []byte("x")}, "a.in": {hash: stored.SHA256}, "d/b.py": {hash: stored.SHA256}, "d/e/c": {hash: stored.SHA256}}
	same := namesByContent(files)
	assert.Equal(t, map[string][]string{"tasks.toml": {"tasks.toml"}, "a.in": {"a.in", "d/b.py", "d/e/c"}}, same)
	dir := t.TempDir()
	for first, names := range same {
		require.NoError(t, a.service.place(t.Context(), dir, names, files[first]))
	}
	for _, name := range []string{"a.in", "d/b.py", "d/e/c"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, "print(1)", string(text), "one of its names is looked into")
	}
	first, err := os.Stat(filepath.Join(dir, "a.in"))
	require.NoError(t, err)
	last, err := os.Stat(filepath.Join(dir, "d/e/c"))
	require.NoError(t, err)
	assert.True(t, os.SameFile(first, last))

	task := sumTask()
	for i := range 1000 {
		task["files"].(object)[fmt.Sprintf("more/%d.py", i)] = object{"sha256": stored.SHA256}
	}
	as[taskAnswer](t, a.post("/v1/tasks", task), http.StatusCreated)
}

func TestTooManyDirectoriesAreRefused(t *testing.T) {
	a := newAPI(t, nil)
	task := sumTask()
	for i := range 100 {
		task["files"].(object)[strings.Repeat(fmt.Sprintf("%d/", i), 120)+"x"] = ""
	}
	p := refusal(t, a.post("/v1/tasks", task), invalid)
	assert.Contains(t, p.Detail, "more than 10000 directories")
	assert.Less(t, len(p.Detail), 200)
}

func TestOneClientsTasksLeaveOthersPlaces(t *testing.T) {
	a := newAPI(t, threeTokens(t))
	busy := a.service.clients.usage(Token{Name: "a", Limits: DefaultLimits}).loads
	for range loadsOfOne {
		busy <- struct{}{}
		a.service.loads <- struct{}{}
	}
	own := sumTask() // of another id: one that somebody else has stored need not be loaded
	own["files"].(object)["own.in"] = ""
	waited := make(chan answered, 1)
	go func() { waited <- a.post("/v1/tasks", own, bearer(tokenA)...) }()
	as[taskAnswer](t, a.post("/v1/tasks", sumTask(), bearer(tokenB)...), http.StatusCreated)
	assert.Empty(t, waited)
	<-busy
	as[taskAnswer](t, <-waited, http.StatusCreated)
}

func TestTaskFilesMayBeStoredBefore(t *testing.T) {
	a := newAPI(t, nil)
	task := sumTask()
	text := task["files"].(object)["tasks.toml"].(string) + "\n# " + strings.Repeat("x", 3<<20)
	stored := as[queue.File](t, a.do(http.MethodPost, "/v1/files", text), http.StatusCreated)
	task["files"].(object)["tasks.toml"] = object{"sha256": stored.SHA256}
	assert.Equal(t, "sum", as[taskAnswer](t, a.post("/v1/tasks", task), http.StatusCreated).Name)
}
