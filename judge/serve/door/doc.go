// Package door has what the doors for clients of other judges have in common: to run a job and wait for it,
// and to say what is wrong with a request.
package door
