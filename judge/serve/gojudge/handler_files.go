package gojudge

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strconv"

	"judge/judge/serve/door"
)

func (h *handler) listFiles(w http.ResponseWriter, r *http.Request) error {
	files, err := h.Files.List(r.Context(), h.Owner(r.Context()))
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, f := range files {
		names[f.ID] = f.Name
	}
	door.Answer(w, names)
	return nil
}

// formOverhead is what a form may have beside its file, in bytes.
const formOverhead = 64 << 10

// putFile stores the part "file" of a form. It is read as it comes; nothing is kept on the way.
func (h *handler) putFile(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, MaxFile+formOverhead)
	form, err := r.MultipartReader()
	if err != nil {
		return refuse("", "want a multipart form with a file: %v", err)
	}
	part, err := filePart(form)
	if err != nil {
		return err
	}
	name := path.Base(path.Clean("/" + part.FileName()))
	if err := checkText("file", name); err != nil {
		return err
	}
	file, err := h.Files.Put(r.Context(), h.Owner(r.Context()), name, &partReader{Reader: part})
	if err != nil {
		return err
	}
	door.Answer(w, file.ID)
	return nil
}

// filePart finds the part named "file".
func filePart(form *multipart.Reader) (*multipart.Part, error) {
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return nil, refuse("file", "the form has no such part")
		}
		if err != nil {
			return nil, partError(err)
		}
		if part.FormName() == "file" && part.FileName() != "" {
			return part, nil
		}
	}
}

// partReader makes what is wrong with a form the client's fault.
type partReader struct{ io.Reader }

func (p *partReader) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if err != nil && err != io.EOF {
		err = partError(err)
	}
	return n, err
}

func partError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return refuse("file", "%v", err)
}

func (h *handler) getFile(w http.ResponseWriter, r *http.Request) error {
	file, content, err := h.Files.Open(r.Context(), h.Owner(r.Context()), r.PathValue("id"))
	if err != nil {
		return err
	}
	defer content.Close()
	kind := mime.TypeByExtension(path.Ext(file.Name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.FormatInt(file.Bytes, 10))
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
	if _, err := io.Copy(w, content); err != nil {
		panic(http.ErrAbortHandler) // it must not look like the whole file
	}
	return nil
}

func (h *handler) deleteFile(w http.ResponseWriter, r *http.Request) error {
	if err := h.Files.Delete(r.Context(), h.Owner(r.Context()), r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}
