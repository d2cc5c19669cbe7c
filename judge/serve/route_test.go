package serve

import (
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestAnAnswerTakesAsLongAsItsClientWaits(t *testing.T) {
	for _, row := range []struct {
		name  string
		kind  waitKind
		query string
		want  time.Duration // 0: no bound
	}{
		{"prompt", prompt, "?wait=10s", promptTimeout},
		{"who does not wait", waiting, "", promptTimeout},
		{"who waits", waiting, "?wait=10s", promptTimeout + 10*time.Second},
		{"who waits for too long", waiting, "?wait=1h", promptTimeout + maxWait},
		{"nonsense", waiting, "?wait=soon", promptTimeout},
		{"endless", endless, "", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := row.kind.bound(httptest.NewRequest("POST", "/v1/submissions"+row.query, nil))
			defer cancel()
			until, bound := ctx.Deadline()
			assert.Equal(t, row.want > 0, bound, row.name)
			if bound {
				assert.Equal(t, row.want, time.Until(until), row.name)
			}
		})
	}
}
