using System.Text.Json;
using Microsoft.Extensions.Logging;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.Diagnostics;

public sealed class AccessLogTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly MemoryOutput _output = new();
    private readonly ConnectionTracker _tracker = new();
    private readonly LogLines _lines = new();
    private int _connections;

    [Fact]
    public async Task Dispose_OutputNotRead_GivenUpAfterSeconds()
    {
        _output.Block(true);
        var log = Create();
        log.Write(Record());
        await _output.Entered.Task.WaitAsync(Eventually.Limit);

        // The time moves however closing waits; only a wait without a limit outlasts it.
        var closing = Task.Run(() => log.DisposeAsync().AsTask());
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return closing.IsCompleted;
        });

        await closing;
        Assert.False(_output.Closed);
    }

    [Fact]
    public async Task Dispose_LinesQueued_WrittenAndClosed()
    {
        using var output = new StringWriter();
        await using (var log = new AccessLog(output, time: _time))
        {
            log.Write(Record());
            log.Write(Record());
        }

        Assert.Equal(2, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Throws<ObjectDisposedException>(() => output.Write('x'));
    }

    [Fact]
    public async Task Dispose_OutputFails_LinesCountedAndTheEndNotHeldUp()
    {
        _output.Fail(true);
        var log = Create();
        log.Write(Record());
        log.Write(Record());

        await log.DisposeAsync();

        Assert.Equal(2, log.Dropped);
        Assert.True(_output.Closed);
    }

    [Fact]
    public async Task Write_OutputBlocked_NobodyWaitsAndWhatIsLostIsTold()
    {
        _output.Block(true);
        await using var log = Create();
        log.Write(Record());
        await _output.Entered.Task.WaitAsync(Eventually.Limit);

        for (var i = 0; i < AccessLogQueue.MaxLines + 7; i++)
        {
            log.Write(Record());
        }

        var dropped = log.Dropped;
        _output.Block(false);
        Assert.Equal(7, dropped);
        await Eventually.TrueAsync(() =>
            _lines.All.Any(static line => line.StartsWith("Warning: The access log cannot be written as fast", StringComparison.Ordinal))
        );
        await Eventually.TrueAsync(() => Events().Contains("dropped"));

        Assert.Equal(AccessLogQueue.MaxLines + 2, _output.Lines.Count);
        Assert.EndsWith("\"event\":\"dropped\",\"dropped\":7}", _output.Lines[^1], StringComparison.Ordinal);
        log.Write(Record());
        await Eventually.TrueAsync(() => Events().Count == AccessLogQueue.MaxLines + 3);
    }

    [Fact]
    public async Task Write_HugeLinesNotRead_BoundedByBytes()
    {
        _output.Block(true);
        await using var log = Create();
        log.Write(Record());
        await _output.Entered.Task.WaitAsync(Eventually.Limit);

        // A character of a line is up to six bytes.
        var huge = new string('\u2028', AccessLogLine.MaxValue);
        for (var i = 0; i < AccessLogQueue.MaxLines; i++)
        {
            var record = Record();
            (record.RouteId, record.ClusterId, record.DestinationId) = (huge, huge, huge);
            log.Write(record);
        }

        var dropped = log.Dropped;
        _output.Block(false);

        const int Line = 3 * 6 * AccessLogLine.MaxValue;
        Assert.InRange(AccessLogQueue.MaxLines - dropped, 1, AccessLogQueue.MaxBytes / Line);
    }

    [Fact]
    public async Task Write_DiskFullForAWhile_TriedAgainAndNothingLost()
    {
        _output.Fail(true);
        await using var log = Create();
        log.Write(Record());
        await Eventually.TrueAsync(() => _lines.All.Count > 0);
        Assert.Equal(
            "Warning: The access log cannot be written: No space left on device. It is tried again; lines are queued meanwhile, and dropped when the queue is full.",
            _lines.All[0]
        );
        log.Write(Record());

        _output.Fail(false);

        await Eventually.TrueAsync(() => _output.Lines.Count == 2);
        await Eventually.TrueAsync(() =>
            _lines.All.Contains("Information: The access log is written again; 0 lines were lost since the start.")
        );
    }

    [Fact]
    public async Task Write_ReplacedWithinALine_TheNewOneGetsTheLineWhole()
    {
        _output.Take(10);
        _output.Block(true);
        await using var log = Create();
        log.Write(Record());
        await _output.Entered.Task.WaitAsync(Eventually.Limit);
        _output.Replace();
        _output.Take(int.MaxValue);
        _output.Block(false);
        log.Write(Record());

        await Eventually.TrueAsync(() => _output.Lines.Count >= 3);
        var after = _output.Text[(_output.Text.LastIndexOf('|') + 1)..];
        Assert.All(after.Split('\n', StringSplitOptions.RemoveEmptyEntries), static line => JsonDocument.Parse(line).Dispose());
    }

    [Fact]
    public async Task Use_AnotherOutputAndFormat_FromTheNextLineOnAndTheOldOneIsClosed()
    {
        await using var log = Create();
        log.Write(Record());
        await Eventually.TrueAsync(() => _output.Lines.Count == 1);
        var next = new MemoryOutput();

        log.Apply(new() { Json = false }, next);
        await Eventually.TrueAsync(() => _output.Closed); // until then, the thread that writes may take a line for it
        log.Write(Record());

        await Eventually.TrueAsync(() => next.Lines.Count == 1);
        Assert.Contains(" end id=", next.Lines[0], StringComparison.Ordinal);
        log.Reopen();
        Assert.Equal((0, 1), (_output.Reopened, next.Reopened));
    }

    [Fact]
    public async Task Started_AskedFor_ALineBeforeTheEnd()
    {
        await using var log = Create(new() { Start = true });
        var record = Record();
        log.Started(record);
        log.Write(record);

        await Eventually.TrueAsync(() => _output.Lines.Count == 2);
        Assert.Equal(["start", "end"], Events());
    }

    [Fact]
    public async Task Started_NotAskedForOrRouteNotLogged_NoLine()
    {
        await using (var log = Create())
        {
            log.Started(Record());
            log.Apply(new() { Start = true }, null);
            var silent = Record();
            silent.AccessLog = false;
            log.Started(silent);
            log.Write(silent);
        }

        Assert.Empty(_output.Lines);
    }

    [Fact]
    public async Task Progress_ManyConnections_EachOnceInAnIntervalAndSpreadOverIt()
    {
        const int Count = 600;
        var interval = TimeSpan.FromMinutes(1);
        var records = Enumerable.Range(0, Count).Select(_ => Open()).ToList();
        await using var log = Create(new() { Interval = interval });
        _time.Advance(interval);
        var first = await WrittenAsync(0);

        for (var second = 0; second < 60; second++)
        {
            var before = await WrittenAsync(0);
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.InRange(await WrittenAsync(before) - before, 0, Count / 60 * 2);
        }

        Assert.Equal(first + Count, await WrittenAsync(0));
        Assert.Equal(records.Select(static record => record.Id).Order(), Ids().Skip(first).Order());

        async Task<int> WrittenAsync(int atLeast)
        {
            // A marker of our own tells that all before it is written.
            var marker = Record();
            log.Write(marker);
            await Eventually.TrueAsync(() =>
                _output.Lines.Count > atLeast && _output.Lines[^1].Contains($"\"{marker.Id}\"", StringComparison.Ordinal)
            );
            return Events().Count(static name => name == "progress");
        }
    }

    [Fact]
    public async Task Progress_YoungOrEndedConnection_NoLine()
    {
        var interval = TimeSpan.FromMinutes(1);
        await using (var log = Create(new() { Interval = interval }))
        {
            _time.Advance(interval - TimeSpan.FromSeconds(1));
            Open();
            Open().TryEnd(ConnectionOutcome.Completed);
            _time.Advance(TimeSpan.FromSeconds(20));
        }

        Assert.Empty(_output.Lines);
    }

    [Fact]
    public async Task Progress_IntervalEdited_FollowsTheNewOneAndNoneEndsIt()
    {
        Open();
        await using var log = Create();
        _time.Advance(TimeSpan.FromHours(1));
        log.Apply(new() { Interval = TimeSpan.FromSeconds(1) }, null);
        _time.Advance(TimeSpan.FromSeconds(3));
        await Eventually.TrueAsync(() => _output.Lines.Count == 3);

        log.Apply(new(), null);
        _time.Advance(TimeSpan.FromHours(1));
        log.Write(Record());

        await Eventually.TrueAsync(() => Events().Contains("end"));
        Assert.Equal(4, _output.Lines.Count);
    }

    [Fact]
    public async Task Progress_QueueHalfFull_LeavesTheRestToEnds()
    {
        _output.Block(true);
        Open();
        await using var log = Create(new() { Interval = TimeSpan.FromSeconds(1) });
        log.Write(Record());
        await _output.Entered.Task.WaitAsync(Eventually.Limit);
        for (var i = 0; i < AccessLogQueue.MaxLines / 2; i++)
        {
            log.Write(Record());
        }

        _time.Advance(TimeSpan.FromSeconds(2)); // the first pass finds it too young
        var progress = log.Dropped;
        log.Write(Record());
        var ends = log.Dropped - progress;
        _output.Block(false);

        Assert.Equal((1, 0), (progress, ends));
    }

    public void Dispose()
    {
        _output.Dispose();
        _lines.Dispose();
    }

    private AccessLog Create(AccessLogOptions? options = null) =>
        new(_output, options ?? new(), _tracker, _time, new Logger<AccessLog>(_lines));

    private ConnectionRecord Record() => new(new FakeConnection($"c{Interlocked.Increment(ref _connections)}"), "endpoint", "", _time);

    private ConnectionRecord Open()
    {
        var record = Record();
        _tracker.Add(record);
        return record;
    }

    private List<string> Events() => [.. _output.Lines.Select(static line => Field(line, "event"))];

    private List<string> Ids() =>
        [.. _output.Lines.Where(static line => Field(line, "event") == "progress").Select(static line => Field(line, "id"))];

    private static string Field(string line, string name)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.GetProperty(name).GetString()!;
    }
}
