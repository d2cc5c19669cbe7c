// Package isolate runs a program alone.
package isolate
