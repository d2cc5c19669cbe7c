package queue

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pages lists everything, page by page.
func pages(t *testing.T, q *Queue, o ListOptions) (pages [][]string) {
	t.Helper()
	for {
		list, next, err := q.List(within(t, quiet), o)
		require.NoError(t, err)
		var page []string
		for _, s := range list {
			page = append(page, fmt.Sprint(s.Job.ID, " ", s.State))
			assert.Empty(t, s.Job.Sources)
		}
		pages = append(pages, page)
		if next == 0 {
			return pages
		}
		o.Before = next
	}
}

func TestList(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	assert.Equal(t, [][]string{nil}, pages(t, q, ListOptions{}), "nothing yet")
	for i := range 7 {
		j := job(fmt.Sprint("j", i))
		j.Owner = []string{"even", "odd"}[i%2]
		submit(t, q, j)
	}
	require.NoError(t, q.Cancel(ctx, "j6"))
	require.NoError(t, take(t, q).Finish(ctx, Result{}, nil))
	defer take(t, q).Close()
	assert.Equal(t, [][]string{
		{"j6 cancelled", "j5 queued", "j4 queued"},
		{"j3 queued", "j2 queued", "j1 running"},
		{"j0 done"},
	}, pages(t, q, ListOptions{Limit: 3}))
	assert.Equal(t, [][]string{{"j5 queued", "j3 queued", "j1 running"}}, pages(t, q, ListOptions{Owner: "odd"}))
	assert.Equal(t, [][]string{{"j5 queued"}, {"j3 queued"}, {"j1 running"}}, pages(t, q, ListOptions{Owner: "odd", Limit: 1}))
	assert.Equal(t, [][]string{nil}, pages(t, q, ListOptions{Owner: "nobody"}))
	assert.Len(t, pages(t, q, ListOptions{Limit: 1 << 30})[0], 7)
	assert.Len(t, pages(t, q, ListOptions{Before: 1 << 60})[0], 7)
	assert.Equal(t, [][]string{nil}, pages(t, q, ListOptions{Before: 1}))
}

func TestWorkersAreListed(t *testing.T) {
	q := embedded(t)
	ctx := within(t, quiet)
	list, err := q.Workers(ctx)
	require.NoError(t, err)
	assert.Empty(t, list)
	odd := "b * > ../\r\n \xff é"
	for _, name := range []string{"a", odd, "c"} {
		require.NoError(t, q.Advertise(ctx, Advert{Name: name, Cores: 1}))
	}
	require.NoError(t, q.Advertise(ctx, Advert{Name: "a", Cores: 2, Languages: map[string]string{"cpp": "14.2"}}))
	require.NoError(t, q.Withdraw(ctx, "c"))
	require.NoError(t, q.Withdraw(ctx, "never there"))
	list, err = q.Workers(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, list)
	assert.WithinDuration(t, time.Now(), list[0].Seen, time.Minute)
	list[0].Seen = time.Time{}
	assert.Equal(t, Advert{Name: "a", Cores: 2, Languages: map[string]string{"cpp": "14.2"}}, list[0])
	require.ErrorIs(t, q.Advertise(ctx, Advert{}), ErrInvalid)
	require.ErrorIs(t, q.Advertise(ctx, Advert{Name: string(make([]byte, 1000))}), ErrInvalid)
}

func TestLengths(t *testing.T) {
	q := embedded(t)
	for i, p := range []Priority{Rejudge, Contest, Normal, Normal} {
		j := job(fmt.Sprint("j", i), "cpp")
		j.Priority = p
		submit(t, q, j)
	}
	submit(t, q, job("any"))
	defer take(t, q).Close()
	list, err := q.Lengths(within(t, quiet))
	require.NoError(t, err)
	assert.Equal(t, []Length{
		{Contest, []string{"cpp"}, 0, 1},
		{Normal, nil, 1, 0},
		{Normal, []string{"cpp"}, 2, 0},
		{Rejudge, []string{"cpp"}, 1, 0},
	}, list)
}
