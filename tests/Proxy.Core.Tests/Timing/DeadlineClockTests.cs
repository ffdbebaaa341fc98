using FsCheck;
using FsCheck.Fluent;
using Proxy.Timing;

namespace Proxy.Core.Tests.Timing;

public sealed class DeadlineClockTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly DeadlineClock _clock;

    public DeadlineClockTests() => _clock = new DeadlineClock(_time);

    public void Dispose() => _clock.Dispose();

    [Fact]
    public void Create_NoEntries_NoTimerIsSet() => Assert.Equal(0, _time.TimersSet);

    [Fact]
    public void Add_FirstEntry_IsCheckedAtEachTickFromThen()
    {
        _time.Advance(TimeSpan.FromMilliseconds(250));
        var entry = new Entry();

        _clock.Add(entry);
        Assert.Equal(1, _time.TimersSet);
        _time.Advance(2 * DeadlineClock.Resolution);

        Assert.Equal([350, 450], entry.Checks);
    }

    [Fact]
    public void Remove_LastEntry_TheNextTickStopsTheTimer()
    {
        var (first, second) = (new Entry(), new Entry());
        _clock.Add(first);
        _clock.Add(second);
        _clock.Remove(first);
        _time.Advance(DeadlineClock.Resolution);
        Assert.Equal(1, _time.TimersSet);

        _clock.Remove(second);
        _time.Advance(DeadlineClock.Resolution);

        Assert.Equal(0, _time.TimersSet);
        Assert.Single(second.Checks);
    }

    [Fact]
    public void Check_RemovesItself_TheSameTickStopsTheTimer()
    {
        var entry = new Entry();
        entry.Checked = () => _clock.Remove(entry);
        _clock.Add(entry);

        _time.Advance(DeadlineClock.Resolution);

        Assert.Equal(0, _time.TimersSet);
    }

    [Fact]
    public void Now_WithoutEntries_IsThePresentTime()
    {
        _time.Advance(TimeSpan.FromMilliseconds(1234));
        Assert.Equal(1234, _clock.Now);

        var entry = new Entry();
        _clock.Add(entry);
        _time.Advance(TimeSpan.FromMilliseconds(130));
        Assert.Equal(1334, _clock.Now); // that of the last tick

        _clock.Remove(entry);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(1464, _clock.Now);
    }

    [Fact]
    public void Dispose_WithEntries_NoTimerIsSetAgain()
    {
        _clock.Add(new Entry());

        _clock.Dispose();
        _clock.Add(new Entry());
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, _time.TimersSet);
        Assert.Equal(1000, _clock.Now);
    }

    [Fact]
    public void AnyOrder_OfAddsRemovesAndTime_EachEntryIsCheckedAndTheTimerRunsOnlyForThem()
    {
        var steps = Gen.Choose(0, 11).ListOf();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(200), Prop.ForAll(steps.ToArbitrary(), Follow));
    }

    // With a thread that ticks and one that adds and removes, an entry that has been added never stands still.
    [Fact]
    public async Task Add_WhileTheTimerIsStopped_ItIsSet()
    {
        using var stop = new CancellationTokenSource();
        var ticking = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                _time.Advance(DeadlineClock.Resolution);
            }
        });
        var entry = new Entry();
        for (var i = 0; i < 20_000; i++)
        {
            _clock.Add(entry);
            Assert.Equal(1, _time.TimersSet);
            _clock.Remove(entry);
        }

        await stop.CancelAsync();
        await ticking.WaitAsync(Eventually.Limit);
        _time.Advance(DeadlineClock.Resolution);
        Assert.Equal(0, _time.TimersSet);
    }

    // 0 to 3 add an entry, 4 to 7 remove it, 8 is half a tick, others a whole one.
    private static void Follow(IList<int> steps)
    {
        var time = new ManualTime();
        using var clock = new DeadlineClock(time);
        var entries = Enumerable.Range(0, 4).Select(static _ => new Entry()).ToArray();
        var added = new HashSet<Entry>();
        var (now, last) = (0L, 0L);
        foreach (var step in steps)
        {
            if (step < 4)
            {
                clock.Add(entries[step]);
                added.Add(entries[step]);
            }
            else if (step < 8)
            {
                clock.Remove(entries[step - 4]);
                added.Remove(entries[step - 4]);
            }
            else
            {
                var before = entries.Select(static entry => entry.Checks.Count).ToArray();
                var passed = step == 8 ? 50 : 100;
                time.Advance(TimeSpan.FromMilliseconds(passed));
                now += passed;
                for (var i = 0; i < entries.Length; i++)
                {
                    var checks = entries[i].Checks.Count - before[i];
                    Assert.InRange(checks, added.Contains(entries[i]) && passed == 100 ? 1 : 0, added.Contains(entries[i]) ? 1 : 0);
                }

                Assert.True(added.Count > 0 || passed < 100 || time.TimersSet == 0);
            }

            Assert.True(added.Count == 0 || time.TimersSet == 1);
            Assert.InRange(clock.Now, Math.Max(last, now - 100), now);
            last = clock.Now;
        }
    }

    private sealed class Entry : IDeadline
    {
        public List<long> Checks { get; } = [];

        public Action? Checked { get; set; }

        public void Check(long now)
        {
            Checks.Add(now);
            Checked?.Invoke();
        }
    }
}
