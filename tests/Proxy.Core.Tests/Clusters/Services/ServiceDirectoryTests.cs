using Microsoft.Extensions.Logging;
using Proxy.Clusters.Services;

namespace Proxy.Core.Tests.Clusters.Services;

public sealed class ServiceDirectoryTests : IDisposable
{
    private static readonly SrvRecord _one = new("db1.test", 5432, 0, 1);
    private static readonly SrvRecord _two = new("db2.test", 5432, 0, 1);
    private readonly ManualTime _time = new();
    private readonly LogLines _log = new();
    private readonly ServiceDirectory _directory;
    private Func<SrvAnswer> _answer = static () => throw new IOException("DNS has no answer.");
    private int _asked;
    private int _changes;

    public ServiceDirectoryTests()
    {
        _directory = new(AskAsync, _time, new Logger<ServiceDirectory>(_log));
        _directory.Changed += (_, _) => Interlocked.Increment(ref _changes);
    }

    [Fact]
    public async Task Use_Service_KnownOnceDnsAnswers()
    {
        _answer = static () => new([_one], TimeSpan.FromMinutes(5));
        Assert.Null(_directory.Find("_db._tcp.test"));

        Use("_db._tcp.test");
        await Eventually.TrueAsync(() => _changes == 1);

        Assert.Equal([_one], _directory.Find("_DB._tcp.test"));
    }

    [Theory]
    [InlineData(5, 5)] // the time to live
    [InlineData(300, 30)] // DnsRefresh
    [InlineData(0, 1)] // never more often than once a second
    public async Task Use_AnswerExpires_AskedAgain(int timeToLive, int expected)
    {
        _answer = () => new([_one], TimeSpan.FromSeconds(timeToLive));
        Use("_db._tcp.test");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(expected));
        _answer = () => new([_one, _two], TimeSpan.FromSeconds(timeToLive));

        _time.Advance(TimeSpan.FromSeconds(expected) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, _asked);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        await Eventually.TrueAsync(() => _changes == 2);
        Assert.Equal([_one, _two], _directory.Find("_db._tcp.test"));
    }

    [Fact]
    public async Task Use_OtherOrder_NoChange()
    {
        _answer = static () => new([_one, _two], TimeSpan.FromSeconds(5));
        Use("_db._tcp.test");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        _answer = static () => new([_two, _one], TimeSpan.FromSeconds(7));

        _time.Advance(TimeSpan.FromSeconds(5));
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(7));

        Assert.Equal(1, _changes);
    }

    [Fact]
    public async Task Use_DnsFails_LastGoodAnswerStaysAndOneLineSaysSo()
    {
        _answer = static () => new([_one], TimeSpan.FromSeconds(5));
        Use("_db._tcp.test");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        _answer = static () => throw new IOException("DNS has no answer.");

        _time.Advance(TimeSpan.FromSeconds(5));
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(2));
        Assert.Equal([_one], _directory.Find("_db._tcp.test"));
        _answer = static () => new([_one], TimeSpan.FromSeconds(9));
        _time.Advance(TimeSpan.FromSeconds(2));
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(9));

        Assert.Equal(1, _changes);
        Assert.Equal(
            [
                "Information: Service _db._tcp.test: its servers are db1.test:5432.",
                "Warning: Service _db._tcp.test: DNS has no answer. Its 1 known servers stay, and DNS is asked again until it answers.",
                "Information: Service _db._tcp.test: DNS answers again.",
            ],
            _log.All
        );
    }

    [Fact]
    public async Task Use_ServiceWithoutServers_Empty()
    {
        _answer = static () => new([], TimeSpan.FromSeconds(5));

        Use("_db._tcp.test");
        await Eventually.TrueAsync(() => _changes == 1);

        Assert.Empty(_directory.Find("_db._tcp.test")!);
    }

    [Fact]
    public async Task Use_ServiceIsGone_NotAskedAgain()
    {
        _answer = static () => new([_one], TimeSpan.FromSeconds(5));
        Use("_db._tcp.test");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(5));

        Use();
        _time.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(1, _asked);
        Assert.Null(_directory.Find("_db._tcp.test"));
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(10, false)]
    public async Task Use_ServiceIsGoneAndBack_LastGoodAnswerIsKeptForTenMinutes(int minutes, bool isKept)
    {
        _answer = static () => new([_one], TimeSpan.FromSeconds(5));
        Use("_db._tcp.test");
        await _directory.WhenAskedAsync().WaitAsync(Eventually.Limit);
        Use();
        _answer = static () => throw new IOException("DNS has no answer.");

        _time.Advance(TimeSpan.FromMinutes(minutes));
        Use("_DB._tcp.test");

        await Eventually.TrueAsync(() => _asked == 2);
        Assert.Equal(isKept ? [_one] : null, _directory.Find("_db._tcp.test"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhenAsked_DnsAnswersOrFails_Completes(bool answers)
    {
        using var asked = new ManualResetEventSlim();
        _answer = () =>
        {
            asked.Wait(Eventually.Limit);
            return answers ? new([_one], TimeSpan.FromSeconds(5)) : throw new IOException("DNS has no answer.");
        };
        Assert.True(_directory.WhenAskedAsync().IsCompleted);

        Use("_db._tcp.test");
        var whenAsked = _directory.WhenAskedAsync();
        Assert.False(whenAsked.IsCompleted);
        asked.Set();

        await whenAsked.WaitAsync(Eventually.Limit);
        Assert.Equal(answers ? [_one] : null, _directory.Find("_db._tcp.test"));
    }

    [Fact]
    public async Task Use_ServersThatAreNoHostNames_AreLeftOutAndOneLineSaysSo()
    {
        _answer = static () =>
            new(
                [_one, new("a/b", 1, 0, 1), new("user@host", 1, 0, 1), new("a\nError: b", 1, 0, 1), new("x y", 1, 0, 1)],
                TimeSpan.FromSeconds(5)
            );

        Use("_db._tcp.test");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        _time.Advance(TimeSpan.FromSeconds(5));
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(5));

        Assert.Equal([_one], _directory.Find("_db._tcp.test"));
        Assert.Equal(2, _asked);
        Assert.Equal(
            [
                "Warning: Service _db._tcp.test: 4 of the servers that DNS names are not used, since their names are no host names: letters, digits, '-', '_' and '.'.",
                "Information: Service _db._tcp.test: its servers are db1.test:5432.",
            ],
            _log.All
        );
    }

    public void Dispose()
    {
        _directory.Dispose();
        _log.Dispose();
    }

    private void Use(params string[] names) =>
        _directory.Use(names.ToDictionary(static name => name, static _ => TimeSpan.FromSeconds(30)));

    private Task<SrvAnswer> AskAsync(string name, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        return Task.FromResult(_answer());
    }
}
