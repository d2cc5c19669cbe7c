package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// node is a TOML value that knows where it stands.
type node struct {
	doc    *document
	offset int
	key    string           // the last key that leads here, for messages; elements of arrays have the array's
	scalar any              // string, int64, float64, bool or time.Time; nil for tables and arrays
	table  map[string]*node // nil: not a table
	items  []*node
	array  bool

	inherited bool // from [defaults]
}

// newNode joins values with their places; where the outline does not know one, it is the parent's.
func newNode(d *document, key string, value any, at *outline, parent int) *node {
	n := &node{doc: d, key: key, offset: parent}
	if at != nil {
		n.offset = at.offset
	} else {
		at = &outline{}
	}
	switch value := value.(type) {
	case map[string]any:
		n.table = make(map[string]*node, len(value))
		for k, v := range value {
			n.table[k] = newNode(d, k, v, at.keys[k], n.offset)
		}
	case []map[string]any:
		n.array, n.items = true, make([]*node, len(value))
		for i, v := range value {
			n.items[i] = newNode(d, key, v, at.item(i), n.offset)
		}
	case []any:
		n.array, n.items = true, make([]*node, len(value))
		for i, v := range value {
			n.items[i] = newNode(d, key, v, at.item(i), n.offset)
		}
	default:
		n.scalar = value
	}
	return n
}

// children are the values of a table in the order of the file, so that messages and whatever keeps
// an order do not depend on a map's.
func (n *node) children() []*node {
	return slices.SortedFunc(maps.Values(n.table), func(a, b *node) int {
		return cmp.Or(cmp.Compare(a.doc.order, b.doc.order), cmp.Compare(a.offset, b.offset), cmp.Compare(a.key, b.key))
	})
}

// inherit marks everything below a [defaults] table.
func (n *node) inherit() {
	n.inherited = true
	for _, c := range n.table {
		c.inherit()
	}
	for _, c := range n.items {
		c.inherit()
	}
}

// merged is a table over its defaults: tables are merged key by key, everything else is replaced.
// Neither argument is changed.
func merged(base, over *node) *node {
	if base == nil || base.table == nil || over.table == nil {
		return over
	}
	result := *over
	result.table = maps.Clone(base.table)
	for key, value := range over.table {
		if below := base.table[key]; below != nil {
			value = merged(below, value)
		}
		result.table[key] = value
	}
	return &result
}

// kind names the type for messages.
func (n *node) kind() string {
	switch n.scalar.(type) {
	case string:
		return "a string"
	case int64:
		return "a whole number"
	case float64:
		return "a number"
	case bool:
		return "true or false"
	case time.Time:
		return "a date"
	}
	if n.array {
		return "an array"
	}
	return "a table"
}

// String shows a scalar as messages do; of tables and arrays it is only the kind.
func (n *node) String() string {
	switch v := n.scalar.(type) {
	case nil:
		return n.kind()
	case string:
		return quoted(v)
	case time.Time:
		return "a date"
	default:
		return fmt.Sprint(v)
	}
}
