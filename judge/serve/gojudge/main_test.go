package gojudge

import (
	"os"
	"testing"

	"judge/isolate"
)

func TestMain(m *testing.M) {
	isolate.Enter()
	os.Exit(m.Run())
}
