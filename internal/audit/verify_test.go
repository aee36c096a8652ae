package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// sample is a record in several files with everything a record can have: a torn line, missed entries and rotations.
func sample(t *testing.T) []string {
	t.Helper()
	r := newRecord(t)
	r.add("one", "two")
	r.write(r.text() + `{"v":1,"seq":3,"time":"2026-10-`)
	s := r.sink(func(o *Options) { o.MaxSize = 3000 })
	s.miss()
	for i := range 6 {
		put(t, s, fmt.Sprintf("three-%d", i))
	}
	require.NoError(t, s.close())
	earlier, err := listRotated(r.path)
	require.NoError(t, err)
	require.NotEmpty(t, earlier)
	var files []string
	for _, f := range earlier {
		files = append(files, read(t, f.path))
	}
	files = append(files, r.text())
	report := check(t, files...)
	require.True(t, report.OK, texts(report.Faults))
	require.Equal(t, 8, report.Entries)
	return files
}

func changed(files []string, i int, text string) []string {
	out := slices.Clone(files)
	out[i] = text
	return out
}

// Every single byte: other letters, the other case, no text, nothing, a line break.
func TestAnyByteThatIsChangedIsFound(t *testing.T) {
	t.Parallel()
	files := sample(t)
	for i, text := range files {
		for at := range len(text) {
			others := []byte{0x20, 0x80, text[at], text[at] ^ '\n'}
			for _, mask := range []byte{1, others[at%len(others)]} {
				if mask == 0 { // It is a line break already.
					continue
				}
				data := []byte(text)
				data[at] ^= mask
				report := check(t, changed(files, i, string(data))...)
				require.False(t, report.OK, "file %d byte %d mask %x", i, at, mask)
				require.NotEmpty(t, report.Faults[0].Line)
			}
		}
	}
}

func TestAnyLineThatIsRemovedRepeatedOrMovedIsFound(t *testing.T) {
	t.Parallel()
	files := sample(t)
	for i, text := range files {
		lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
		lines[len(lines)-1] += "\n"
		last := i == len(files)-1
		for n := range lines {
			if !last || n < len(lines)-1 { // The last line of all is a matter of --expect.
				report := check(t, changed(files, i, strings.Join(slices.Delete(slices.Clone(lines), n, n+1), ""))...)
				require.False(t, report.OK, "file %d without line %d", i, n+1)
			}
			for m := n; m <= len(lines); m++ {
				report := check(t, changed(files, i, strings.Join(slices.Insert(slices.Clone(lines), m, lines[n]), ""))...)
				require.False(t, report.OK, "file %d with line %d again at %d", i, n+1, m+1)
			}
			for m := range n {
				swapped := slices.Clone(lines)
				swapped[n], swapped[m] = swapped[m], swapped[n]
				report := check(t, changed(files, i, strings.Join(swapped, ""))...)
				require.False(t, report.OK, "file %d with lines %d and %d exchanged", i, n+1, m+1)
			}
		}
	}
}

// Any run of bytes that is cut out, put in or replaced, but for a cut at the end.
func TestAnyEditIsFound(t *testing.T) {
	t.Parallel()
	files := sample(t)
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(files)-1).Draw(rt, "file")
		text := files[i]
		from := rapid.IntRange(0, len(text)-1).Draw(rt, "from")
		to := min(len(text), from+rapid.IntRange(0, 2000).Draw(rt, "length"))
		put := string(rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("{}\",:\n\x00"))), 0, 40).Draw(rt, "put"))
		edited := text[:from] + put + text[to:]
		if edited == text || i == len(files)-1 && strings.HasPrefix(text, edited) {
			rt.Skip("no edit, or a cut at the end")
		}
		report := check(t, changed(files, i, edited)...)
		if report.OK && i == len(files)-1 && strings.Contains(texts(report.Notes), "torn line at the end") {
			rt.Skip("a cut at the end, with bytes that a torn line may have")
		}
		require.False(rt, report.OK, "%q", edited)
	})
}

// Within a line not even the writer's own format helps: a line that says the same in other words is another line.
func TestLineSaidInOtherWordsIsFound(t *testing.T) {
	t.Parallel()
	files := sample(t)
	for _, change := range [][2]string{{`"seq":1,`, `"seq": 1,`}, {"\n{", "\r\n{"}, {`\u003cb\u003e`, "<b>"}, {`"v":1`, `"v":2`}, {`"applied"`, `"refused"`}, {`"hash":"`, `"hash":"A`}} {
		require.Contains(t, files[0], change[0])
		require.False(t, check(t, changed(files, 0, strings.Replace(files[0], change[0], change[1], 1))...).OK, change[0])
	}
}

func TestFaultsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	r.add("one", "two", "three", "four", "five")
	lines := r.lines()
	lines[4] += "\n"
	join := func(numbers ...int) string {
		var b strings.Builder
		for _, n := range numbers {
			b.WriteString(lines[n-1])
		}
		return b.String()
	}
	for text, want := range map[string]string{
		join(1, 2, 4, 5):       "file-1:3: line 3 of the chain is missing before this one",
		join(1, 5):             "file-1:2: lines 2 to 4 of the chain are missing before this one",
		join(2, 3, 4, 5):       "file-1:1: line 1 of the chain is missing before this one",
		join(1, 2, 2, 3, 4, 5): "file-1:3: line 2 of the chain stands after line 2: it was repeated, moved or put in",
		join(1, 2) + strings.Replace(lines[2], "alice", "mally", 1) + join(4, 5): "file-1:3: the line was changed: its hash does not fit its content\n" +
			"file-1:4: line 3 of the chain is missing before this one",
		join(1, 2) + "hello\n" + join(3, 4, 5): "file-1:3: it is not an audit line",
		join(1, 2, 3, 4, 5) + "hello":          "file-1:6: it is not an audit line",
	} {
		report := check(t, text)
		require.False(t, report.OK)
		require.Equal(t, want, texts(report.Faults))
	}
	other := newRecord(t)
	other.add("1", "2", "3")
	report := check(t, join(1, 2)+other.lines()[2]+"\n"+join(4, 5))
	require.Equal(t, "file-1:3: the line does not continue the one before it: one of them was replaced\n"+
		"file-1:4: the line does not continue the one before it: one of them was replaced", texts(report.Faults))
	report = check(t, strings.TrimSuffix(join(1, 2), "\n"), join(3, 4, 5))
	require.Equal(t, "file-1:2: the line break at the end was removed", texts(report.Faults))
	report = check(t, join(1, 2), join(4, 5))
	require.Equal(t, "file-2:1: line 3 of the chain is missing before this one", texts(report.Faults))
}

// A cut at the end leaves a whole chain. Only a hash that was kept elsewhere shows it.
func TestCutAtTheEndIsFoundByAHashKeptElsewhere(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	r.add("one", "two", "three")
	head := r.verify().Head
	require.True(t, r.verify(strings.ToUpper(head)+"\n").OK)
	r.add("four")
	require.True(t, r.verify(head).OK, "later lines do no harm")
	require.Contains(t, texts(r.verify(head).Notes), "audit.log:3: this is line 3 of the chain, which has the expected hash")
	r.write(strings.Join(r.lines()[:2], ""))
	require.True(t, r.verify().OK, "as documented")
	report := r.verify(head)
	require.Equal(t, "no line has the expected hash "+head+": lines are missing at the end, or it is of another record", texts(report.Faults))
}

func TestFaultsWithoutEndAreCounted(t *testing.T) {
	t.Parallel()
	report := check(t, strings.Repeat("x\n", 1000))
	require.Len(t, report.Faults, mostFindings)
	require.Equal(t, 900, report.More)
	var out bytes.Buffer
	report.Write(&out)
	require.Contains(t, out.String(), "and 900 more")
	require.Contains(t, out.String(), "NOT whole")
}

func TestLinesCollectedFromSeveralProcesses(t *testing.T) {
	t.Parallel()
	var a, b bytes.Buffer
	streams := map[string]*stream{}
	for name, out := range map[string]*bytes.Buffer{"a": &a, "b": &b} {
		streams[name] = newStream(OutputStdout, out, Options{Instance: name})
		for i := range 3 {
			require.NoError(t, streams[name].append(entry(fmt.Sprint(i))))
		}
	}
	as, bs := strings.SplitAfter(a.String(), "\n"), strings.SplitAfter(b.String(), "\n")
	collected := func(parts ...string) *Report {
		v := newVerification(VerifyOptions{Collected: true})
		require.NoError(t, v.read("all", strings.NewReader(strings.Join(parts, "")), true))
		return v.finish()
	}
	log := `{"time":"2026-10-02T09:30:00Z","level":"INFO","msg":"ready"}` + "\n"
	report := collected(log, as[0], bs[0], bs[1], log, as[1], as[2], bs[2], "words\n")
	require.True(t, report.OK, texts(report.Faults))
	require.Equal(t, 2, report.Chains)
	require.Equal(t, 3, report.Passed)
	require.Contains(t, texts(report.Notes), "instance a: 3 lines, head "+streams["a"].at.hash)
	require.Empty(t, report.Head)
	for name, bad := range map[string]*Report{
		"missing":   collected(as[0], as[2], bs[0]),
		"beginning": collected(as[1], as[2]),
		"twice":     collected(as[0], as[0]),
		"order":     collected(as[0], as[2], as[1]),
		"changed":   collected(as[0], strings.Replace(as[1], "alice", "mally", 1)),
		"other":     collected(as[0], reseal(t, bs[1])),
	} {
		require.False(t, bad.OK, name)
	}
}

// reseal makes a line of instance b one of instance a, with a hash that fits.
func reseal(t *testing.T, text string) string {
	t.Helper()
	text = strings.Replace(strings.TrimSuffix(text, "\n"), `"instance":"b"`, `"instance":"a"`, 1)
	body := text[:len(text)-hashTail]
	return body + hashMember + hashOf([]byte(body)) + "\"}\n"
}

func TestReportForPeopleAndPrograms(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	s := r.sink()
	s.miss()
	put(t, s, "one", "two")
	require.NoError(t, s.close())
	report := r.verify()
	var out bytes.Buffer
	report.Write(&out)
	for _, want := range []string{"the record is whole: 3 lines with 2 decisions and refusals", "to 2026-10-02T09:30:00Z", "lines 1 to 3 of the chain, head " + report.Head, "1 entries were not taken"} {
		require.Contains(t, out.String(), want)
	}
	text, err := json.Marshal(report)
	require.NoError(t, err)
	require.Contains(t, string(text), `"faults":[]`)
	require.Contains(t, string(text), `"last_seq":3`)
	empty := check(t, "")
	require.True(t, empty.OK)
	text, err = json.Marshal(empty)
	require.NoError(t, err)
	require.NotContains(t, string(text), "_time")
}

func TestFilesThatCannotBeReadAreErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, files := range [][]string{{dir + "/absent"}, {dir}, {dir, dir + "/absent"}} {
		_, err := Verify(files, VerifyOptions{})
		require.Error(t, err)
	}
	v := newVerification(VerifyOptions{})
	require.ErrorIs(t, v.read("x", io.MultiReader(strings.NewReader("a\nb"), faulty{}), true), os.ErrDeadlineExceeded)
}

type faulty struct{}

func (faulty) Read([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func FuzzVerify(f *testing.F) {
	var out bytes.Buffer
	s := newStream(OutputStdout, &out, Options{Instance: "a"})
	for range 2 {
		if err := s.append(entry("x")); err != nil {
			f.Fatal(err)
		}
	}
	s.missed = 1
	if err := s.append(entry("y")); err != nil {
		f.Fatal(err)
	}
	good := out.String()
	for _, seed := range []string{good, "", "\n", "x\n" + good, good[:len(good)-9], good + `{"v":1,"seq":4,"t`, strings.ReplaceAll(good, "\n", ""), `{"v":1,"hash":"` + strings.Repeat("0", 64) + `"}`} {
		f.Add(seed)
	}
	head := s.at.hash
	f.Fuzz(func(t *testing.T, text string) {
		for _, collected := range []bool{false, true} {
			v := newVerification(VerifyOptions{Collected: collected, Expect: []string{head}})
			require.NoError(t, v.read("fuzz", strings.NewReader(text), true))
			report := v.finish()
			if report.OK && !collected {
				require.True(t, strings.HasPrefix(text, good) || text+"\n" == good || strings.HasSuffix(text, good), "only the record itself has its head")
			}
		}
		if _, err := readTail(strings.NewReader(text), int64(len(text)), origin()); err != nil {
			require.ErrorContains(t, err, "no audit file")
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprintf("callers-%d", callers), func(b *testing.B) {
			o := quiet()
			o.Output, o.File, o.MaxSize = OutputFile, b.TempDir()+"/audit.log", 100_000_000
			j, err := Open(o)
			require.NoError(b, err)
			b.SetParallelism(max(callers/2, 1))
			b.ResetTimer()
			if callers == 1 {
				for b.Loop() {
					j.Record(entry("r"))
				}
			} else {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						j.Record(entry("r"))
					}
				})
			}
			b.StopTimer()
			require.NoError(b, j.Close())
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	var out bytes.Buffer
	s := newStream(OutputStdout, &out, quiet())
	for range 10_000 {
		require.NoError(b, s.append(entry("r")))
	}
	b.SetBytes(int64(out.Len()))
	for b.Loop() {
		v := newVerification(VerifyOptions{})
		require.NoError(b, v.read("x", bytes.NewReader(out.Bytes()), true))
		require.True(b, v.finish().OK)
	}
}
