package serve

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"judge/judge/queue"
	"judge/limits"
)

// Limits bound what one client may ask for.
type Limits struct {
	Rate       float64 // requests a second, those of ten seconds at once; 0: any number
	Concurrent int     // requests at one time, streams of events among them
	Streams    int     // streams of events at one time
	Open       int     // submissions that are not finished
	Bytes      int64   // of a file to upload, and of any other body where that is less than MaxBody
}

// DefaultLimits are those of a token that says nothing.
var DefaultLimits = Limits{Rate: 200, Concurrent: 1024, Streams: 256, Open: 20_000, Bytes: 256 << 20}

// Token is a client that may use the service.
type Token struct {
	Name     string         // owner of what it submits
	Admin    bool           // sees and cancels what others have submitted
	Priority queue.Priority // the highest that it may give; empty: any
	Limits   Limits
	digest   [sha256.Size]byte
}

// Tokens are all that may use a service. They are not changed; the zero value has none, and lets nobody in.
type Tokens struct{ list []Token }

// maxTokenFile bounds a token file, in bytes.
const maxTokenFile = 1 << 20

// ReadTokens reads a file with a token in each line: a name, a token of at least 16 characters or the
// SHA-256 of one, and what differs from DefaultLimits:
//
//	# who      token                          what it may
//	site       k3yZ…                          rate=500 concurrent=2000 open=100000 bytes=1GiB
//	students   sha256:2c26b46b68ffc68f…       priority=normal
//	operator   sha256:9f86d081884c7d65…       admin
//
// `streams` is the fifth limit, `priority` the highest that it may give. Blank lines and those that begin with # mean nothing.
func ReadTokens(name string) (*Tokens, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxTokenFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read tokens: %w", err)
	case len(text) > maxTokenFile:
		return nil, fmt.Errorf("read tokens: %s is larger than %d MiB", name, maxTokenFile>>20)
	}
	return parseTokens(name, text)
}

// parseTokens reads a token file. No message shows a token.
func parseTokens(name string, text []byte) (*Tokens, error) {
	tokens := &Tokens{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxTokenFile+1)
	for number := 1; lines.Scan(); number++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		token, err := parseToken(words)
		if err == nil {
			err = tokens.add(token)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(tokens.list) == 0 {
		return nil, fmt.Errorf("%s: there is no token in it: want lines such as `site %s`", name, strings.Repeat("x", 32))
	}
	return tokens, nil
}

func (t *Tokens) add(token Token) error {
	for _, other := range t.list {
		switch {
		case other.Name == token.Name:
			return fmt.Errorf("the name %s is there already", token.Name)
		case other.digest == token.digest:
			return fmt.Errorf("token of %s: is that of %s as well", token.Name, other.Name)
		}
	}
	t.list = append(t.list, token)
	return nil
}

var tokenName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// minToken is how short a token may be, in characters: 16 of base64 are 96 bits.
const minToken = 16

func parseToken(words []string) (Token, error) {
	t := Token{Name: words[0], Limits: DefaultLimits}
	if !tokenName.MatchString(t.Name) {
		return Token{}, errors.New("name: want at most 64 letters, digits, and . _ -, beginning with a letter or digit")
	}
	if len(words) < 2 {
		return Token{}, fmt.Errorf("token of %s is missing", t.Name)
	}
	if hash, ok := strings.CutPrefix(words[1], "sha256:"); ok {
		digest, err := hex.DecodeString(hash)
		if err != nil || copy(t.digest[:], digest) != sha256.Size || len(digest) != sha256.Size {
			return Token{}, fmt.Errorf("token of %s: want sha256: and 64 hexadecimal digits", t.Name)
		}
	} else {
		if len(words[1]) < minToken {
			return Token{}, fmt.Errorf("token of %s: is shorter than %d characters, and could be guessed", t.Name, minToken)
		}
		t.digest = sha256.Sum256([]byte(words[1]))
	}
	for _, word := range words[2:] {
		if err := t.set(word); err != nil {
			return Token{}, fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	return t, nil
}

// set takes a word that follows a token.
func (t *Token) set(word string) error {
	if word == "admin" {
		t.Admin = true
		return nil
	}
	key, value, _ := strings.Cut(word, "=")
	count := func(into *int) error {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 {
			return fmt.Errorf("%s: want a whole number from 1", key)
		}
		*into = n
		return nil
	}
	switch key {
	case "rate":
		rate, err := strconv.ParseFloat(value, 64)
		if err != nil || !(rate > 0 && rate <= 1e9) {
			return errors.New("rate: want a number of requests a second")
		}
		t.Limits.Rate = rate
		return nil
	case "concurrent":
		return count(&t.Limits.Concurrent)
	case "streams":
		return count(&t.Limits.Streams)
	case "open":
		return count(&t.Limits.Open)
	case "priority":
		if t.Priority = queue.Priority(value); !slices.Contains(queue.Priorities, t.Priority) {
			return fmt.Errorf("priority: want one of %v", queue.Priorities)
		}
		return nil
	case "bytes":
		size, err := limits.ParseSize(value)
		if err != nil || size < 1 {
			return errors.New(`bytes: want a size such as 64MiB`)
		}
		t.Limits.Bytes = size
		return nil
	}
	// The word may be a token with a blank in it, and is not shown.
	return errors.New("after the token: want admin, or priority=, rate=, concurrent=, streams=, open= or bytes= with a value")
}

// find returns whose token it is. Every token is compared, in a time that says nothing of any: digests are,
// of which nobody can choose the first bytes.
func (t *Tokens) find(presented string) (Token, bool) {
	digest := sha256.Sum256([]byte(presented))
	found := -1
	for i := range t.list {
		if subtle.ConstantTimeCompare(digest[:], t.list[i].digest[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return Token{}, false
	}
	return t.list[found], true
}
