package judge

import "strings"

// fenced returns the last fenced block of a Markdown text, which is where models put what they mean in
// the end; to the end of the text when it is not closed, for answers are cut off. A text without a
// fence is code as it is.
//
// A fence is as in CommonMark: three or more backticks or tildes at the beginning of a line, indented
// by three blanks at most; it is closed by at least as many of the same.
func fenced(text string) string {
	block, inside, fence := text, false, ""
	start := 0 // of the block
	for at := 0; at < len(text); {
		line, next := text[at:], len(text)
		if end := strings.IndexByte(line, '\n'); end >= 0 {
			line, next = line[:end], at+end+1
		}
		mark, rest := fenceOf(line)
		switch {
		case !inside && mark != "":
			inside, fence, start = true, mark, next
			block = text[next:]
		case inside && strings.HasPrefix(mark, fence) && strings.TrimSpace(rest) == "":
			inside = false
			block = text[start:at]
		}
		at = next
	}
	return block
}

// fenceOf returns the fence that a line begins with, empty if there is none, and what follows it. What
// follows backticks has none: that is code within a line.
func fenceOf(line string) (fence, rest string) {
	body := strings.TrimLeft(line, " ")
	if len(line)-len(body) > 3 || body == "" || !strings.Contains("`~", body[:1]) {
		return "", ""
	}
	rest = strings.TrimLeft(body, body[:1])
	fence = body[:len(body)-len(rest)]
	if len(fence) < 3 || fence[0] == '`' && strings.Contains(rest, "`") {
		return "", ""
	}
	return fence, rest
}
