using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;
using Proxy.Etcd.Client;
using Proxy.Etcd.Membership;

namespace Proxy.Etcd.Tests.Membership;

public sealed class EngineAddressesTests
{
    private readonly MemoryCluster _cluster = new();
    private readonly EngineKeys _keys = new("/proxy", "prod");
    private readonly List<string> _reports = [];
    private readonly ManualTime _time = new();

    [Fact]
    public async Task ClaimAsync_SeveralAtOnce_EachHasTheLowestFreeOneForEver()
    {
        var numbers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(n => Process().ClaimAsync($"web-{(char)('a' + n)}", null, CancellationToken.None))
        );

        Assert.Equal(Enumerable.Range(0, 8), numbers.Order());
        Assert.All(_cluster.Keys, static key => Assert.Equal(0, key.Lease));
        Assert.Equal(numbers[3], await Process().ClaimAsync("web-d", null, CancellationToken.None));
        _cluster.Remove(_keys.Address(numbers[5]));
        Assert.Equal(numbers[5], await Process().ClaimAsync("web-z", null, CancellationToken.None));
    }

    [Fact]
    public async Task ClaimAsync_AddressesOfMembersWithANumber_AreNotGiven()
    {
        Member("A_0");
        Member("A_2");
        Member("web-a", "127.0.0.3"); // its own, of a start before the engine has lost the claim

        Assert.Equal(1, await Process().ClaimAsync("web-a", null, CancellationToken.None));
        Assert.Equal(3, await Process().ClaimAsync("web-b", null, CancellationToken.None));
    }

    [Fact]
    public async Task ClaimAsync_NumberOfAnEarlierStart_IsGivenIfItIsFree()
    {
        Assert.Equal(7, await Process().ClaimAsync("web-a", 7, CancellationToken.None)); // after the engine has lost its data
        Assert.Equal(0, await Process().ClaimAsync("web-b", 7, CancellationToken.None));
        Assert.Equal(1, await Process().ClaimAsync("web-c", ChannelOrdinal.Max + 1, CancellationToken.None));
        Assert.Equal(7, await Process().ClaimAsync("web-a", 9, CancellationToken.None));
    }

    [Fact]
    public async Task ClaimAsync_OtherGroup_HasItsOwn()
    {
        await Process().ClaimAsync("web-a", null, CancellationToken.None);

        Assert.Equal(0, await Process(new("/proxy", "prod2")).ClaimAsync("web-b", null, CancellationToken.None));
    }

    [Fact]
    public async Task ClaimAsync_EngineFails_IsTriedAgain()
    {
        var store = _cluster.Join();
        store.Fail();
        store.Fail("/ip/0", happens: true);

        var claiming = Process(store: store).ClaimAsync("web-a", null, CancellationToken.None);

        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            return claiming.IsCompleted;
        });
        Assert.Equal(0, await claiming);
        Assert.Equal("web-a", _cluster.Text(_keys.Address(0)));
        Assert.Single(_cluster.Keys);
    }

    [Fact]
    public async Task ClaimAsync_Refused_EndsWithTheReason()
    {
        var store = _cluster.Join();
        store.Fail(isRefused: true);

        var exception = await Assert.ThrowsAsync<IOException>(() =>
            Process(store: store).ClaimAsync("web-a", null, CancellationToken.None)
        );

        Assert.Equal("The engine refuses this: permission denied.", exception.Message);
    }

    [Fact]
    public async Task ClaimAsync_EngineStaysAway_EndsWithTheReason()
    {
        var store = _cluster.Join();
        store.Leave("etcd is away.");
        using var ending = new CancellationTokenSource();

        var claiming = Process(store: store).ClaimAsync("web-a", null, ending.Token);
        await Eventually.TrueAsync(() => store.Calls > 0);
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            return store.Calls > 1;
        });
        await ending.CancelAsync();

        Assert.Equal("etcd is away.", (await Assert.ThrowsAsync<TimeoutException>(() => claiming)).Message);
    }

    [Fact]
    public async Task ClaimAsync_AllAreTaken_EndsWithTheReason()
    {
        for (var number = 0; number <= ChannelOrdinal.Max; number++)
        {
            _cluster.Put(_keys.Address(number), "other");
        }

        var exception = await Assert.ThrowsAsync<IOException>(() => Process().ClaimAsync("web-a", null, CancellationToken.None));

        Assert.Contains("all 65533 local addresses are claimed", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AssertAsync_ClaimWasLost_IsMadeAgainUnlessAnotherHasIt()
    {
        var addresses = Process();
        await addresses.ClaimAsync("web-a", null, CancellationToken.None);
        _cluster.LoseData();

        await addresses.AssertAsync(CancellationToken.None);
        Assert.Equal("web-a", _cluster.Text(_keys.Address(0)));
        Assert.Empty(_reports);

        _cluster.Put(_keys.Address(0), "web-b");
        await addresses.AssertAsync(CancellationToken.None);
        await addresses.AssertAsync(CancellationToken.None);
        Assert.Equal("web-b", _cluster.Text(_keys.Address(0)));
        Assert.StartsWith(
            "the local address 127.0.0.2 of the instance 'web-a' is claimed by 'web-b'",
            Assert.Single(_reports),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task AssertAsync_NumberOfAnEarlierStart_IsClaimed()
    {
        var addresses = Process();
        addresses.Keep("web-a", 7);

        await addresses.AssertAsync(CancellationToken.None);

        Assert.Equal("web-a", _cluster.Text(_keys.Address(7)));
    }

    [Fact]
    public async Task AssertAsync_NothingClaimed_AsksNothing()
    {
        var store = _cluster.Join();

        await Process(store: store).AssertAsync(CancellationToken.None);

        Assert.Equal(0, store.Calls);
    }

    private EngineAddresses Process(EngineKeys? keys = null, MemoryKeyStore? store = null) =>
        new(store ?? _cluster.Join(), keys ?? _keys, _reports.Add, _time, NullLogger<EngineAddresses>.Instance);

    private void Member(string id, string? address = null)
    {
        var record = EngineGroup.Record(id);
        record = record with { LocalAddress = address is null ? record.LocalAddress : IPAddress.Parse(address) };
        _cluster.Put(_keys.Member(id), Encoding.UTF8.GetString(HelloLine.Write(record)));
    }
}
