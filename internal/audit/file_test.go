package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestChainGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	r.add("one", "two")
	r.add()
	r.add("three")
	require.Empty(t, r.whole(3))
	lines := r.lines()
	require.Len(t, lines, 3)
	require.Contains(t, lines[2], `"seq":3`)
	require.Contains(t, lines[2], `"instance":"bridge-3"`)
	require.Contains(t, r.log.String(), "seq=2", "the head is told at the start as well, so that a cut between two runs shows in the log")
}

func TestProcessHasTheFileForItself(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	s := r.sink()
	_, err := Open(r.options())
	require.ErrorIs(t, err, errTaken)
	require.ErrorContains(t, err, r.path[:len(r.path)-len("audit.log")])
	require.NoError(t, s.close())
	r.add("one")
	require.Equal(t, []string{r.path}, r.files(), "the lock does not look like one of the files")
}

// A crash in the middle of a write, at any byte.
func TestUnfinishedLineIsKeptAndReported(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	r.add("one", "two", "three")
	whole := r.text()
	start := strings.LastIndex(strings.TrimSuffix(whole, "\n"), "\n") + 1
	for cut := start; cut < len(whole); cut++ {
		r.write(whole[:cut])
		entries, note := 2, ""
		if cut > start {
			note = "torn line"
		}
		if cut == len(whole)-1 { // Only the line break is missing.
			entries, note = 3, ""
		}
		notes := r.whole(entries)
		require.Contains(t, notes, note)
		require.Equal(t, note == "", notes == "")
		r.add("four")
		require.True(t, strings.HasPrefix(r.text(), whole[:cut]), "it is kept as it is")
		notes = r.whole(entries + 1)
		require.Contains(t, notes, note)
		require.Equal(t, note == "", notes == "")
		if note != "" {
			require.Contains(t, notes, "audit.log:3: torn line")
			require.Contains(t, notes, "the chain continues")
		}
	}
}

func TestLineFilledUpWithZeroesIsUnfinishedToo(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"", `{"v":1,"se`, `{"v":1,"seq":2,"time":"2026`} {
		r := newRecord(t)
		r.add("one")
		r.write(r.text() + part + strings.Repeat("\x00", 4000))
		require.Contains(t, r.whole(1), "torn line at the end")
		r.add("two")
		require.Contains(t, r.whole(2), "audit.log:2: torn line")
	}
}

// The process dies again while it writes about the unfinished line.
func TestUnfinishedLineAfterAnUnfinishedLine(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	r.add("one", "two")
	r.write(r.text()[:len(r.text())-40])
	before := r.text()
	r.add("three")
	for cut := len(before) + 2; cut < strings.Index(r.text()[len(before)+1:], "\n")+len(before); cut++ {
		again := newRecord(t)
		again.write(r.text()[:cut])
		again.add("four")
		require.Contains(t, again.whole(2), "audit.log:2: torn line")
	}
}

func TestFirstLineMayBeUnfinished(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	r.add("one")
	r.write(r.text()[:100])
	r.add("two")
	require.Contains(t, r.whole(1), "audit.log:1: torn line")
}

// What is no unfinished line is not called one, neither by the process that finds it nor by the verifier.
func TestForeignLinesAreNoUnfinishedLines(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"words": "hello", "blank line": "\n", "other number": `{"v":1,"seq":7,"time":`, "json": `{"v":1,"seq":2,"time":"x"}`,
		"ends with a line break": `{"v":1,"seq":2,"time":` + "\n", "two lines": "hello\nworld\n", "words after zeroes": "\x00\x00x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecord(t)
			r.add("one")
			r.write(r.text() + text)
			report := r.verify()
			require.False(t, report.OK)
			require.Equal(t, 2, report.Faults[0].Line)
			r.add("two")
			require.Contains(t, r.log.String(), "lines that are not of the audit record")
			report = r.verify()
			require.False(t, report.OK)
			require.Equal(t, 2, report.Faults[0].Line)
			require.Equal(t, "it is not an audit line", report.Faults[0].Text)
			require.Len(t, report.Faults, strings.Count(strings.TrimSuffix(text, "\n"), "\n")+1, "the chain itself goes on")
		})
	}
}

func TestLinesOlderThanTheChainAreCovered(t *testing.T) {
	t.Parallel()
	for _, older := range []string{"{\"earlier\":true}\n", "{\"earlier\":true}\n{\"more\":1}", "{\"earlier\":true}\n\n"} {
		r := newRecord(t)
		r.write(older)
		r.add("one", "two")
		r.add("three")
		require.True(t, strings.HasPrefix(r.text(), older), "W29: a file is never cut off")
		require.Contains(t, r.whole(3), "older than the chain")
		for at := range older {
			changed := []byte(r.text())
			changed[at] ^= 1
			require.False(t, check(t, string(changed)).OK, "byte %d", at)
		}
	}
}

func TestFileOfSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	r.write(strings.Repeat("x", longestLine+2))
	_, err := Open(r.options())
	require.ErrorContains(t, err, "no audit file")
}

func TestEntryThatIsTooLongIsNotWritten(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	s := r.sink()
	long := entry("one")
	long.Reason = strings.Repeat("x", longestLine)
	require.ErrorIs(t, s.append(long), errTooLong)
	long.Reason = long.Reason[:longestLine-2000]
	require.NoError(t, s.append(long))
	require.NoError(t, s.close())
	r.add("two")
	require.Contains(t, r.whole(2), "1 entries before this line could not be written")
}

// seqOf finds the numbers of the chain in file names.
var seqOf = regexp.MustCompile(`audit\.log\.\d{8}T\d{6}Z-(\d+)$`)

func TestRotatedFilesAreOneChain(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	small := func(o *Options) { o.MaxSize, o.Keep = 2000, 0 }
	for run := range 3 {
		s := r.sink(small)
		for i := range 10 {
			put(t, s, fmt.Sprintf("r-%d-%d", run, i))
		}
		require.NoError(t, s.close())
	}
	files := r.files()
	require.Greater(t, len(files), 5)
	require.Empty(t, r.whole(30))
	for _, path := range files {
		text := read(t, path)
		require.True(t, strings.HasSuffix(text, "\n"))
		require.Less(t, len(text), 2000+1000, "a file is put aside as soon as it is large enough")
		if path != r.path {
			require.Contains(t, r.log.String(), "file="+path, "its head is in the log")
			require.Regexp(t, seqOf, path)
		}
	}
	slices.Reverse(files)
	report, err := Verify(files, VerifyOptions{})
	require.NoError(t, err)
	require.True(t, report.OK, "in whatever order the files are given")

	t.Run("a file is missing", func(t *testing.T) {
		inOrder, err := listRotated(r.path)
		require.NoError(t, err)
		gone := inOrder[len(inOrder)/2].path // not the oldest: that may have been removed as it should
		report, err := Verify(slices.DeleteFunc(slices.Clone(files), func(path string) bool { return path == gone }), VerifyOptions{})
		require.NoError(t, err)
		require.Contains(t, texts(report.Faults), "are missing before this one")
	})
	t.Run("a file is given twice", func(t *testing.T) {
		report, err := Verify(append(slices.Clone(files), files[2]), VerifyOptions{})
		require.NoError(t, err)
		require.Contains(t, texts(report.Faults), "was repeated")
	})
	t.Run("the oldest are missing", func(t *testing.T) {
		newest, err := listRotated(r.path)
		require.NoError(t, err)
		report, err := Verify([]string{newest[len(newest)-1].path, r.path}, VerifyOptions{})
		require.NoError(t, err)
		require.True(t, report.OK, "as it is when they were kept long enough, but it is said")
		require.Contains(t, texts(report.Notes), "continues a file that was not given")
	})
	t.Run("without its first line a file does not pass as the beginning", func(t *testing.T) {
		_, rest, _ := strings.Cut(read(t, r.path), "\n")
		require.False(t, check(t, rest).OK)
	})
}

func TestOldFilesAreRemoved(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	foreign := []string{r.path + ".bak", r.path + ".20260101T000000Z-x", r.path + ".20260101T000000Z-1.gz", r.path + "2.20260101T000000Z-1"}
	for _, path := range foreign {
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	}
	s := r.sink(func(o *Options) { o.MaxSize, o.Keep = 1, 3 })
	for i := range 10 {
		put(t, s, fmt.Sprint(i))
	}
	require.NoError(t, s.close())
	kept, err := listRotated(r.path)
	require.NoError(t, err)
	require.Len(t, kept, 3)
	require.Contains(t, r.log.String(), "old audit file removed")
	for _, path := range foreign {
		require.Equal(t, "mine", read(t, path), "what is not of the record is left alone")
	}
	report, err := Verify([]string{kept[0].path, kept[1].path, kept[2].path, r.path}, VerifyOptions{})
	require.NoError(t, err)
	require.True(t, report.OK, texts(report.Faults))
}

// Died between putting the full file aside and the first line of the next one.
func TestCrashDuringRotation(t *testing.T) {
	t.Parallel()
	for name, left := range map[string]func(t *testing.T, path string){
		"no file":    func(*testing.T, string) {},
		"empty file": func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, nil, 0o600)) },
		"unfinished line": func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, []byte(`{"v":1,"seq":4,"time":"2026-10`), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecord(t)
			r.add("one")
			require.NoError(t, os.Rename(r.path, r.path+".20261002T093000Z-1"))
			r.add("two")
			require.NoError(t, os.Rename(r.path, r.path+".20261002T093000Z-3"))
			left(t, r.path)
			r.add("three")
			notes := r.whole(3)
			require.Equal(t, name == "unfinished line", strings.Contains(notes, "audit.log:1: torn line"), notes)
			require.Contains(t, r.lines()[len(r.lines())-2], `"kind":"rotation"`)
		})
	}
}

// A file that cannot be put aside grows on and loses nothing.
func TestFileThatCannotBePutAsideGrowsOn(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	s := r.sink(func(o *Options) { o.MaxSize = 10 })
	put(t, s, "one")
	for second := range 30 {
		require.NoError(t, os.Mkdir(rotatedName(r.path, time.Now().Add(time.Duration(second)*time.Second), 1), 0o700))
	}
	put(t, s, "two")
	require.NoError(t, s.close())
	require.Contains(t, r.log.String(), "could not be put aside")
	report, err := Verify([]string{r.path}, VerifyOptions{})
	require.NoError(t, err)
	require.True(t, report.OK)
	require.Equal(t, 2, report.Entries)
}

func TestFileMovedAwayIsContinuedInANewOne(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	s := r.sink()
	put(t, s, "one", "two")
	require.NoError(t, os.Rename(r.path, r.path+".moved"))
	put(t, s, "three")
	require.NoError(t, s.close())
	require.Empty(t, r.whole(3))
	require.Contains(t, r.log.String(), "moved or changed by somebody else")
	require.NoError(t, os.Remove(r.path+".moved"))
	require.Contains(t, r.whole(1), "continues a file that was not given")
}

// Who cuts the file while the bridge runs is found out by the next line.
func TestCutUnderARunningProcessShows(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]int{"one line": 1, "two lines": 2} {
		r := newRecord(t)
		s := r.sink()
		put(t, s, "one", "two", "three", "four")
		require.NoError(t, os.WriteFile(r.path, []byte(strings.Join(r.lines()[:4-cut], "")), 0o600), name)
		put(t, s, "five")
		require.NoError(t, s.close())
		report := r.verify()
		require.Len(t, report.Faults, 1)
		require.Contains(t, report.Faults[0].Text, "missing before this one")
		require.Contains(t, r.log.String(), "does not end as it was left")
	}
}

func TestDiskThatFailsLosesNothingSilently(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		fail func(t *testing.T, s *file)
		// entries and missed are what the record has in the end.
		entries, missed int
	}{
		"nothing is written": {func(t *testing.T, s *file) {
			require.NoError(t, s.f.Close())
			require.Error(t, s.append(entry("lost")))
			require.NoError(t, s.sync(), "nothing else was written")
		}, 3, 1},
		"part of a line is written": {func(t *testing.T, s *file) {
			text, _, err := s.at.seal(Line{Kind: KindEntry})
			require.NoError(t, err)
			_, err = s.f.Write(text[:50])
			require.NoError(t, err)
			s.size += 50
			require.NoError(t, s.f.Close())
			require.Error(t, s.append(entry("lost")))
			require.NoError(t, s.sync(), "nothing else was written")
		}, 3, 1},
		"written, but perhaps not on the disk": {func(t *testing.T, s *file) {
			require.NoError(t, s.append(entry("unsure-1")))
			require.NoError(t, s.append(entry("unsure-2")))
			require.NoError(t, s.f.Close())
			require.Error(t, s.sync())
		}, 5, 0},
		"written, and gone": {func(t *testing.T, s *file) {
			size := s.size
			require.NoError(t, s.append(entry("lost-1")))
			require.NoError(t, s.append(entry("lost-2")))
			require.NoError(t, s.f.Truncate(size))
			require.NoError(t, s.f.Close())
			require.Error(t, s.sync())
		}, 3, 2},
		"of two, one is on the disk": {func(t *testing.T, s *file) {
			require.NoError(t, s.append(entry("unsure")))
			size := s.size
			require.NoError(t, s.append(entry("lost")))
			require.NoError(t, s.f.Truncate(size+20))
			require.NoError(t, s.f.Close())
			require.Error(t, s.sync())
		}, 4, 1},
		"not told to the file at all": {func(_ *testing.T, s *file) {
			s.miss()
			s.miss()
		}, 3, 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRecord(t)
			s := r.sink()
			put(t, s, "one")
			c.fail(t, s)
			put(t, s, "two", "three")
			require.NoError(t, s.close())
			report := r.verify()
			require.Empty(t, report.Faults, r.text())
			require.Equal(t, c.entries, report.Entries, r.text())
			require.Equal(t, uint64(c.missed), report.Missed, r.text())
			r.add("four")
			require.Equal(t, uint64(c.missed), r.verify().Missed, "it is said once")
		})
	}
}

// The folder is gone for a while: nothing stops, and the file is written again when it is back.
func TestFileIsOpenedAgainWithLaterEntries(t *testing.T) {
	t.Parallel()
	r := newRecord(t)
	r.path = filepath.Join(filepath.Dir(r.path), "sub", "audit.log")
	dir := filepath.Dir(r.path)
	require.NoError(t, os.Mkdir(dir, 0o700))
	s := r.sink()
	put(t, s, "one")
	require.NoError(t, os.Rename(dir, dir+"-away"))
	for range 3 {
		require.Error(t, s.append(entry("lost")))
		require.NoError(t, s.sync())
	}
	require.NoError(t, os.Rename(dir+"-away", dir))
	put(t, s, "two")
	require.NoError(t, s.close())
	require.Contains(t, r.whole(2), "3 entries before this line could not be written")
}
