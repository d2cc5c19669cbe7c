package serve

import (
	_ "embed"
	"net/http"
)

// OpenAPI describes the service to programs: an OpenAPI 3.1 document.
//
//go:embed openapi.json
var OpenAPI []byte

func (s *Service) getOpenAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	w.Write(OpenAPI)
	return nil
}
