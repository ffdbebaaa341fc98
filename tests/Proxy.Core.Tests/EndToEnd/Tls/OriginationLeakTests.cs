using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Tls.Origination;

namespace Proxy.Core.Tests.EndToEnd.Tls;

/// <summary>What destinations that fail leave behind, in the whole process.</summary>
[Collection(Alone.Name)]
public sealed class OriginationLeakTests : IDisposable
{
    private const int Rounds = 20;

    private readonly ServerAuthority _authority = new();

    [Theory]
    [InlineData(Multiplexer.Portable)]
    [InlineData(Multiplexer.Loops)]
    public async Task Connect_ManyFail_NoDescriptorIsKept(string transport)
    {
        using var bad = new TlsServer(_authority.Issue("other.test"));
        using var mute = Loopback.Listen();
        await using var proxy = await TlsRoute.StartWithAsync(
            transport,
            $"\"CertificateAuthority\": {_authority.Json}",
            "\"ConnectTimeout\": \"00:00:00.050\"",
            "",
            $"tcp://localhost:{bad.Port}",
            $"tcp://localhost:{mute.Port()}"
        );
        await proxy.FailAsync();
        using var first = await mute.AcceptWithinAsync();
        var before = Descriptors();

        for (var i = 0; i < Rounds; i++)
        {
            await proxy.FailAsync();
            using var accepted = await mute.AcceptWithinAsync();
            await accepted.ReadToEndAsync();
        }

        // The runtime opens a few for itself, so only a number that would be all of them is a leak.
        await Eventually.TrueAsync(() => Descriptors() < before + Rounds);
    }

    public void Dispose() => _authority.Dispose();

    private static int Descriptors() => Directory.GetFiles("/proc/self/fd").Length;
}
