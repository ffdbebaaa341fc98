using System.Net;
using Microsoft.Extensions.Logging;
using Proxy.Channels;
using Proxy.Channels.Membership;
using Proxy.Configuration.Channels;
using Proxy.Listeners;

namespace Proxy.Core.Tests.Channels;

public sealed class OwnAddressTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"channels-{Guid.NewGuid():N}.json");
    private readonly ManualTime _time = new();
    private readonly LogLines _log = new();
    private readonly FakeClaims _claims = new();

    [Theory]
    [InlineData("A_7", LoopbackMode.Address, "127.0.0.9")]
    [InlineData("web-a", LoopbackMode.Port, "127.0.0.1")]
    public async Task ClaimAsync_NoneIsNeeded_AsksNobody(string id, LoopbackMode mode, string address)
    {
        var instance = await ClaimAsync(id, mode);

        Assert.Equal((IPAddress.Parse(address), IPAddress.Parse(address)), (instance.Address, instance.BindIp));
        Assert.Empty(_claims.Asked);
    }

    [Fact]
    public async Task ClaimAsync_IdWithoutNumber_UsesAndKeepsTheClaim()
    {
        _claims.Answer = static _ => Task.FromResult(7);

        var instance = await ClaimAsync("web-a");

        Assert.Equal((IPAddress.Parse("127.0.0.9"), IPAddress.Parse("127.20.0.9")), (instance.Address, instance.BindIp));
        Assert.Equal(["web-a"], _claims.Asked);
        Assert.Equal(7, new LocalAddressBook(_path, _log).OwnNumber("prod", "web-a"));
    }

    [Fact]
    public async Task ClaimAsync_NobodyAnswersAndOneIsKept_UsesItAndSaysSo()
    {
        _claims.Answer = static _ => Task.FromResult(7);
        await ClaimAsync("web-a");
        _claims.Answer = Never;

        var claiming = ClaimAsync("web-a");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(IPAddress.Parse("127.0.0.9"), (await claiming).Address);
        Assert.Equal([("web-a", 7)], _claims.Kept);
        Assert.Contains(
            _log.All,
            static line =>
                line.StartsWith("Warning: Channels: the instance 'web-a' uses the local address 127.0.0.9", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task ClaimAsync_NobodyAnswersAndNoneIsKept_FailsWithTheReason()
    {
        _claims.Answer = Never;

        var claiming = ClaimAsync("web-a");
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromSeconds(30));

        var exception = await Assert.ThrowsAsync<BindException>(() => claiming);
        Assert.Equal(
            "Channels:Instance:Id: 'web-a' has no number, and no local address could be claimed for it; start the engine, or set Instance:Ordinal: the engine is away.",
            exception.Message
        );
    }

    [Fact]
    public async Task ClaimAsync_RefusedAndNoneIsKept_FailsWithTheReason()
    {
        _claims.Answer = static _ => throw new IOException("permission denied.");

        var exception = await Assert.ThrowsAsync<BindException>(() => ClaimAsync("web-a"));

        Assert.EndsWith(": permission denied.", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClaimAsync_RefusedAndOneIsKept_UsesItAndSaysSo()
    {
        _claims.Answer = static _ => Task.FromResult(7);
        await ClaimAsync("web-a");
        _claims.Answer = static _ => throw new IOException("permission denied.");

        var instance = await ClaimAsync("web-a");

        Assert.Equal(IPAddress.Parse("127.0.0.9"), instance.Address);
        Assert.Equal(["web-a", "web-a 7"], _claims.Asked);
        Assert.Equal([("web-a", 7)], _claims.Kept);
        Assert.EndsWith(
            "or is refused: permission denied.",
            Assert.Single(_log.All, static line => line.StartsWith("Warning", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task ClaimAsync_Stopped_EndsAsCancelled()
    {
        _claims.Answer = Never;
        using var stopping = new CancellationTokenSource();

        var claiming = ClaimAsync("web-a", cancellationToken: stopping.Token);
        await stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => claiming);
    }

    [Fact]
    public async Task ClaimAsync_ProviderGivesNone_FailsWithTheReason()
    {
        var exception = await Assert.ThrowsAsync<BindException>(() => ClaimAsync("web-a", provider: "Registry"));

        Assert.Contains("the membership provider 'Registry' gives none", exception.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _log.Dispose();
        File.Delete(_path);
    }

    private static async Task<int> Never(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return 0;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException("the engine is away.");
        }
    }

    private async Task<ThisInstance> ClaimAsync(
        string id,
        LoopbackMode mode = LoopbackMode.Address,
        string provider = "engine",
        CancellationToken cancellationToken = default
    )
    {
        var channels = new CurrentChannels(
            new()
            {
                Group = "prod",
                Instance = new() { Id = id },
                Loopback = new()
                {
                    Mode = mode,
                    Network = mode == LoopbackMode.Address && id == "web-a" ? "127.20.0.0/16" : "127.0.0.0/16",
                    StateFile = _path,
                },
                Membership = new() { Provider = provider },
            }
        );
        var instance = new ThisInstance(channels);
        var book = new LocalAddressBook(_path, _log);
        await new OwnAddress(channels, instance, book, [_claims], _time, new Logger<OwnAddress>(_log)).ClaimAsync(cancellationToken);
        Assert.True(instance.IsNumbered);
        return instance;
    }

    private sealed class FakeClaims : IAddressClaims
    {
        public Func<CancellationToken, Task<int>> Answer { get; set; } =
            static _ => throw new InvalidOperationException("Nobody should ask.");

        public List<string> Asked { get; } = [];

        public List<(string, int)> Kept { get; } = [];

        public string Provider => MembershipProviders.Engine;

        public Task<int> ClaimAsync(string instance, int? preferred, CancellationToken cancellationToken)
        {
            Asked.Add(preferred is null ? instance : $"{instance} {preferred}");
            return Answer(cancellationToken);
        }

        public void Keep(string instance, int number) => Kept.Add((instance, number));
    }
}
