using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Proxy.Clusters.Resolution;

namespace Proxy.Core.Tests.Clusters.Resolution;

public sealed class DestinationResolverTests
{
    private static readonly TimeSpan _refresh = TimeSpan.FromSeconds(30);
    private readonly ManualTime _time = new();
    private readonly ConcurrentQueue<TaskCompletionSource<IPAddress[]>> _lookups = new();
    private readonly DestinationResolver _resolver;

    public DestinationResolverTests()
    {
        _resolver = new(_time, LookUpAsync);
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:80", "127.0.0.1:80")]
    [InlineData("tcp://[::1]:80", "[::1]:80")]
    [InlineData("TCP://[2001:db8::1]:65535/", "[2001:db8::1]:65535")]
    public async Task Resolve_Literal_ItselfWithoutLookup(string address, string expected)
    {
        Assert.Equal([expected], await ResolveAsync(address));
        Assert.Empty(_lookups);
    }

    [Theory]
    [InlineData("unix:/run/a.sock", "/run/a.sock")]
    [InlineData("UNIX:/run/with space.sock", "/run/with space.sock")]
    public async Task Resolve_Unix_ItsPath(string address, string expected)
    {
        var endPoint = Assert.Single(await _resolver.ResolveAsync(address, _refresh, default));

        Assert.Equal(expected, Assert.IsType<UnixDomainSocketEndPoint>(endPoint).ToString());
    }

    [Fact]
    public async Task Resolve_Localhost_TheLoopbacksWithoutLookup()
    {
        var expected = Socket.OSSupportsIPv6 ? (string[])["127.0.0.1:7", "[::1]:7"] : ["127.0.0.1:7"];

        Assert.Equal(expected, await ResolveAsync("tcp://LocalHost:7"));
        Assert.Empty(_lookups);
    }

    [Fact]
    public async Task Resolve_NameInUse_LookedUpOnceForAllWaiters()
    {
        var first = ResolveAsync("tcp://db.test:5432");
        var second = ResolveAsync("tcp://DB.test:5433");
        (await NextLookupAsync(1)).SetResult([IPAddress.Parse("10.0.0.1")]);

        Assert.Equal(["10.0.0.1:5432"], await first);
        Assert.Equal(["10.0.0.1:5433"], await second);
        Assert.Equal(["10.0.0.1:5432"], await ResolveAsync("tcp://db.test:5432"));
        Assert.Single(_lookups);
    }

    [Fact]
    public async Task Resolve_SeveralAddresses_EachCallBeginsWithAnother()
    {
        await KnowAsync("10.0.0.1", "10.0.0.2", "10.0.0.3");

        var firsts = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            var all = await ResolveAsync("tcp://db.test:1");
            firsts.Add(all[0]);
            Assert.Equal(["10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"], all.Order());
        }

        Assert.Equal(3, firsts.Take(3).Distinct().Count());
        Assert.Equal(firsts.Take(3), firsts.Skip(3));
    }

    [Fact]
    public async Task Resolve_AThousandAddresses_AFewAtEachCallAndAllInTurn()
    {
        await KnowAsync([.. Enumerable.Range(0, 1000).Select(static i => $"10.0.{i / 250}.{i % 250}")]);

        var seen = new HashSet<string>();
        for (var i = 0; i < 1000; i++)
        {
            var some = await ResolveAsync("tcp://db.test:1");
            Assert.Equal(DestinationResolver.MostAddresses, some.Distinct().Count());
            seen.UnionWith(some);
        }

        Assert.Equal(1000, seen.Count);
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1:80")]
    [InlineData("::1", "[::1]:80")]
    [InlineData("[::1]", "[::1]:80")]
    public async Task Resolve_HostAndPort_LiteralIsItself(string host, string expected)
    {
        Assert.Equal(expected, Assert.Single(await _resolver.ResolveAsync(host, 80, _refresh, default)).ToString());
        Assert.Empty(_lookups);
    }

    [Fact]
    public async Task Resolve_HostAndPort_NameIsThatOfAddresses()
    {
        await KnowAsync("10.0.0.1");

        Assert.Equal("10.0.0.1:81", Assert.Single(await _resolver.ResolveAsync("DB.test", 81, _refresh, default)).ToString());
        Assert.Single(_lookups);
    }

    [Fact]
    public async Task Resolve_RefreshDue_StaleMeanwhileThenNew()
    {
        await KnowAsync("10.0.0.1");
        _time.Advance(_refresh);

        Assert.Equal(["10.0.0.1:1"], await ResolveAsync("tcp://db.test:1"));
        var refresh = await NextLookupAsync(2);
        Assert.Equal(["10.0.0.1:1"], await ResolveAsync("tcp://db.test:1"));
        Assert.Equal(2, _lookups.Count);

        refresh.SetResult([IPAddress.Parse("10.0.0.2")]);
        await Eventually.TrueAsync(() =>
            ResolveAsync("tcp://db.test:1") is { IsCompletedSuccessfully: true } now && now.GetAwaiter().GetResult()[0] == "10.0.0.2:1"
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Resolve_RefreshFails_LastKnownStayAndTheNextComes(bool throws)
    {
        await KnowAsync("10.0.0.1");
        _time.Advance(_refresh);
        await ResolveAsync("tcp://db.test:1");
        var refresh = await NextLookupAsync(2);
        if (throws)
        {
            refresh.SetException(new SocketException((int)SocketError.TryAgain));
        }
        else
        {
            refresh.SetResult([]);
        }

        Assert.Equal(["10.0.0.1:1"], await ResolveAsync("tcp://db.test:1"));

        // One failure does not end refreshing.
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(_refresh);
            _ = ResolveAsync("tcp://db.test:1");
            return _lookups.Count >= 3; // a lookup that is slow to begin is given up by this time, and another one begins
        });
    }

    [Fact]
    public async Task Resolve_NoSuchName_ThrowsAndAsksAgainNextTime()
    {
        var first = ResolveAsync("tcp://none.test:1");
        (await NextLookupAsync(1)).SetException(new SocketException((int)SocketError.HostNotFound));
        Assert.Equal(SocketError.HostNotFound, (await Assert.ThrowsAsync<SocketException>(() => first)).SocketErrorCode);

        var second = ResolveAsync("tcp://none.test:1");
        (await NextLookupAsync(2)).SetResult([IPAddress.Loopback]);
        Assert.Equal(["127.0.0.1:1"], await second);
    }

    [Fact]
    public async Task Resolve_LookupHangs_GivenUpAfterItsLimit()
    {
        var waiting = ResolveAsync("tcp://slow.test:1");
        await NextLookupAsync(1);
        _time.Advance(TimeSpan.FromSeconds(30));

        await Assert.ThrowsAsync<SocketException>(() => waiting);
    }

    [Fact]
    public async Task Resolve_LookupOutlastsItsLimit_GivenUpAndNoneBesideIt()
    {
        var lookup = new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var lookups = 0;
        var resolver = new DestinationResolver(
            _time,
            (_, _) =>
            {
                Interlocked.Increment(ref lookups);
                return lookup.Task;
            }
        );
        var first = resolver.ResolveAsync("tcp://stuck.test:1", _refresh, default).AsTask();
        await Eventually.TrueAsync(() => Volatile.Read(ref lookups) == 1);
        _time.Advance(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<SocketException>(() => first.WaitAsync(Eventually.Limit));

        var second = resolver.ResolveAsync("tcp://stuck.test:1", _refresh, default).AsTask();
        lookup.SetResult([IPAddress.Loopback]);

        Assert.Equal("127.0.0.1:1", Assert.Single(await second.WaitAsync(Eventually.Limit)).ToString());
        Assert.Equal(1, lookups);
    }

    [Fact]
    public async Task Resolve_OneWaiterCancels_OthersGoOn()
    {
        using var cancel = new CancellationTokenSource();
        var impatient = _resolver.ResolveAsync("tcp://db.test:1", _refresh, cancel.Token).AsTask();
        var patient = ResolveAsync("tcp://db.test:1");
        var lookup = await NextLookupAsync(1);

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        lookup.SetResult([IPAddress.Loopback]);

        Assert.Equal(["127.0.0.1:1"], await patient);
    }

    private async Task KnowAsync(params string[] addresses)
    {
        var first = ResolveAsync("tcp://db.test:1");
        (await NextLookupAsync(1)).SetResult([.. addresses.Select(IPAddress.Parse)]);
        await first;
    }

    private async Task<List<string>> ResolveAsync(string address) =>
        [.. (await _resolver.ResolveAsync(address, _refresh, default)).Select(static endPoint => endPoint.ToString()!)];

    private async Task<TaskCompletionSource<IPAddress[]>> NextLookupAsync(int number)
    {
        await Eventually.TrueAsync(() => _lookups.Count >= number);
        return _lookups.ElementAt(number - 1);
    }

    private Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellationToken)
    {
        var lookup = new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        cancellationToken.Register(() => lookup.TrySetCanceled(cancellationToken));
        _lookups.Enqueue(lookup);
        return lookup.Task;
    }
}
