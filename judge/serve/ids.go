package serve

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"judge/judge/queue"
)

// A submission has the id of its job in the queue. One that a client chooses is that client's alone, where there are tokens:
// the job's begins with a mark of the token's name, which the client does not see. So two clients may choose the same, and
// neither can take one before the other, nor learn that the other has it.

// maxChosenID bounds an id that a client chooses, in bytes.
const maxChosenID = queue.MaxID - (2*markBytes + 1)

// markBytes is how much of a hash a mark has: clients do not choose their names.
const markBytes = 8

// mark begins the ids of jobs that an owner has chosen; empty: there are no tokens.
func mark(owner string) string {
	if owner == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(owner))
	return hex.EncodeToString(sum[:markBytes]) + "_"
}

// shownID is the id by which a client knows a job: its own without the mark, and those of others, which an administrator
// sees, as the queue has them.
func (c *client) shownID(j queue.Job) string {
	if c.Name != j.Owner {
		return j.ID
	}
	return strings.TrimPrefix(j.ID, mark(j.Owner))
}

// jobIDs are the ids in the queue that could be meant by what a client calls id: one that it has chosen, or one that the
// service has made.
func (c *client) jobIDs(id string) []string {
	if c.Name == "" {
		return []string{id}
	}
	return []string{mark(c.Name) + id, id}
}

// isID says whether a string of at most so many bytes could be the id of a submission.
func isID(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}
