package judge

// outline says where in a TOML text each value stands. The parser gives values without positions,
// and none at all inside arrays of tables, so a second, simpler scanner finds them. They are used
// for messages only: where the outline has no answer, the line of the enclosing value is shown.
type outline struct {
	offset int // of the value's key, or of the element of an array
	keys   map[string]*outline
	items  []*outline
	array  bool // it is written as an array, to which nothing can be added
}

// child is the value under a key; it is made when it is new.
func (o *outline) child(key string, offset int) *outline {
	if c := o.keys[key]; c != nil {
		return c
	}
	if o.keys == nil {
		o.keys = map[string]*outline{}
	}
	c := &outline{offset: offset}
	o.keys[key] = c
	return c
}

// enter follows a dotted key from a table. In an array of tables the last one is meant.
func (o *outline) enter(path []string, offset int) *outline {
	for _, key := range path {
		o = o.last().child(key, offset)
	}
	return o
}

// isThroughArray tells whether a dotted key leads from a table into an array. The parser takes that, and forgets the array.
func (o *outline) isThroughArray(path []string) bool {
	for _, key := range path[:max(0, len(path)-1)] {
		if o = o.last().keys[key]; o == nil || o.array {
			return o != nil
		}
	}
	return false
}

// header follows the name in [table] or [[table]].
func (o *outline) header(path []string, offset int, array bool) *outline {
	o = o.enter(path, offset)
	if array {
		o.items = append(o.items, &outline{offset: offset})
	}
	return o.last()
}

func (o *outline) last() *outline {
	if n := len(o.items); n > 0 {
		return o.items[n-1]
	}
	return o
}

// item is an element of an array; nil when the outline has none.
func (o *outline) item(i int) *outline {
	if i < len(o.items) {
		return o.items[i]
	}
	return nil
}
