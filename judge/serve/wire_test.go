package serve

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a proxy in front could take for another number of requests than the service does is refused, and the connection
// ends there: what follows is nobody's request. (net/http does this; we hold it to it.)
func TestRequestsThatCanBeReadInTwoWaysAreRefused(t *testing.T) {
	a := newAPI(t, nil)
	const follows = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
	post := func(headers, body string) string {
		return "POST /v1/files HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n" + body
	}
	lines := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "X-%d: y\r\n", i)
		}
		return b.String()
	}
	for _, test := range []struct {
		name    string
		request string
		want    []int // statuses of all answers
	}{
		{"two requests", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", []int{200, 200}},
		{"a body and a request", post("Content-Length: 2\r\n", "hi"), []int{201, 200}},
		{"a body that nobody reads and a request", strings.Replace(post("Content-Length: 2\r\n", "hi"), "/v1/files", "/v1/nothing", 1), []int{404, 200}},
		{"two lengths", post("Content-Length: 2\r\nContent-Length: 3\r\n", "hi"), []int{400}},
		{"the same length twice", post("Content-Length: 2\r\nContent-Length: 2\r\n", "hi"), []int{201, 200}},
		{"a list of lengths", post("Content-Length: 2, 2\r\n", "hi"), []int{400}},
		{"a length with a sign", post("Content-Length: +2\r\n", "hi"), []int{400}},
		{"a negative length", post("Content-Length: -2\r\n", "hi"), []int{400}},
		{"another encoding", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), []int{501}},
		{"an encoding that is nearly one", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), []int{501}},
		{"two encodings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"), []int{501}},
		{"a blank before the colon", post("Content-Length : 2\r\n", "hi"), []int{400}},
		{"a folded header", post("X-Long: a\r\n b\r\nContent-Length: 2\r\n", "hi"), []int{201, 200}},
		{"a NUL in a header", post("X-Nul: a\x00b\r\n", ""), []int{400}},
		{"a chunk's size that is none", post("Transfer-Encoding: chunked\r\n", "0x2\r\nhi\r\n0\r\n\r\n"), []int{400}},
		{"no host", "GET /healthz HTTP/1.1\r\n\r\n", []int{400}},
		{"two hosts", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", []int{400}},
		{"another protocol", "GET /healthz HTTP/3.0\r\nHost: localhost\r\n\r\n", []int{505}},
		{"a large header", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Large: " + strings.Repeat("x", 2*maxHeader) + "\r\n\r\n", []int{431}},
		{"many headers", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + lines(2*maxHeader/8) + "\r\n", []int{431}},
		{"an expectation that cannot be met", post("Expect: the-best\r\nContent-Length: 2\r\n", "hi"), []int{417}},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, a.within(t).statuses(test.request+follows))
		})
	}
	t.Run("chunks and a length", func(t *testing.T) {
		// RFC 9112 6.3: chunks count.
		request := post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")
		assert.Equal(t, []int{201, 200}, a.within(t).statuses(request+follows))
	})
}

// statuses are those of all answers to what is sent through one connection.
func (a *api) statuses(text string) (got []int) {
	conn := a.dial()
	go func() { _, _ = io.WriteString(conn, text) }()
	answers := bufio.NewReader(conn)
	for {
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			return got
		}
		got = append(got, response.StatusCode)
		if _, err := io.Copy(io.Discard, response.Body); err != nil { // cut off: the rest of the header was not read
			return got
		}
	}
}

// A body is asked for only when it may come.
func TestClientsThatAskBeforeTheySendAreToldAtOnce(t *testing.T) {
	a := newAPI(t, threeTokens(t))
	for _, test := range []struct {
		name    string
		headers string
		want    int
	}{
		{"no token", "Content-Length: 2\r\n", http.StatusUnauthorized},
		{"too large", "Authorization: Bearer " + tokenA + "\r\nContent-Length: 99999999999\r\n", http.StatusRequestEntityTooLarge},
		{"welcome", "Authorization: Bearer " + tokenA + "\r\nContent-Length: 2\r\n", http.StatusContinue},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn := a.within(t).dial()
			_, err := io.WriteString(conn, "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"+test.headers+"\r\n")
			require.NoError(t, err)
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			assert.Equal(t, test.want, response.StatusCode)
		})
	}
}
