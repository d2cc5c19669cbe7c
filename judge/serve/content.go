package serve

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"judge/judge"
	"judge/judge/queue"
)

// content is a file in a request: its text, or an object that says where it is.
type content struct {
	data []byte // when hash was not given
	hash string // of a stored file, in lower-case hex; empty: data
}

// contentFields are the forms of a content that is an object; it has one of them.
type contentFields struct {
	Text   *string `json:"text"`
	Base64 *string `json:"base64"`
	SHA256 *string `json:"sha256"`
}

// UnmarshalJSONFrom reads a string or an object.
func (c *content) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() == '"' {
		var text string
		if err := json.UnmarshalDecode(d, &text); err != nil {
			return err
		}
		c.data = []byte(text)
		return nil
	}
	place := at(d.StackPointer())
	var fields *contentFields
	if err := json.UnmarshalDecode(d, &fields); err != nil {
		return err
	}
	if err := c.set(fields); err != nil {
		return badRequest.problem("the body has a file that is not one%s: %v", place, err)
	}
	return nil
}

func (c *content) set(f *contentFields) error {
	given := 0
	if f != nil {
		for _, field := range []*string{f.Text, f.Base64, f.SHA256} {
			if field != nil {
				given++
			}
		}
	}
	if given != 1 {
		return errors.New("want a string, or an object with one of text, base64 and sha256")
	}
	switch {
	case f.Text != nil:
		c.data = []byte(*f.Text)
	case f.Base64 != nil:
		data, err := base64.StdEncoding.Strict().DecodeString(*f.Base64)
		if err != nil {
			return errors.New("base64: want the standard alphabet, with padding")
		}
		c.data = data
	default:
		if queue.CheckHash(*f.SHA256) != nil {
			return errors.New("sha256: want 64 lower-case hexadecimal digits")
		}
		c.hash = *f.SHA256
	}
	return nil
}

// sha256 is the hash of the content, in lower-case hex.
func (c content) sha256() string {
	if c.hash != "" {
		return c.hash
	}
	sum := sha256.Sum256(c.data)
	return hex.EncodeToString(sum[:])
}

// namesMistakes says which names may not be those of files; nothing else is looked at.
func namesMistakes(files map[string]content) []Mistake {
	var found []Mistake
	for _, name := range keysOf(files) {
		err := queue.CheckPath(name)
		if err == nil && judge.Visible(name) != name {
			err = errors.New("has characters that are not shown")
		}
		if err != nil && len(found) < maxMistakes {
			found = append(found, Mistake{Message: fmt.Sprintf("file name %.200q: %v", name, err)})
		}
	}
	return found
}
