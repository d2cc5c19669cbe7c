package door

import (
	"log/slog"
	"net/http"
)

// Mux is how a door answers. It bounds nothing: rates, slow clients and tokens are the matter of who mounts it.
type Mux struct {
	Log *slog.Logger // as Fail has it
	// Refusal says with which status and words an error is answered that is the client's, of the door's own kinds; 0: it is none.
	Refusal func(error) (status int, detail string)

	mux http.ServeMux
}

// Handle has requests of a pattern, as http.ServeMux has it, answered by answer, or with what its error says.
func (m *Mux) Handle(pattern string, answer func(http.ResponseWriter, *http.Request) error) {
	m.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		err := answer(w, r)
		if err == nil {
			return
		}
		if status, detail := m.Refusal(err); status != 0 {
			Refuse(w, status, detail)
			return
		}
		Fail(w, r, m.Log, err)
	})
}

func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.mux.ServeHTTP(w, r) }
