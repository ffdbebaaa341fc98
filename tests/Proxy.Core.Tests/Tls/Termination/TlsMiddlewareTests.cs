using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;

namespace Proxy.Core.Tests.Tls.Termination;

public sealed class TlsMiddlewareTests
{
    public static TheoryData<string> Transports => TlsEdge.Transports;

    // An end by close_notify would tell the client that it has got everything.
    [Theory]
    [MemberData(nameof(Transports))]
    public async Task OnConnection_ModeFails_ClientIsReset(string transport)
    {
        await using var edge = await TlsEdge.StartAsync(
            transport,
            static authority => TlsEdge.Route(authority, "r", "\"Listen\": \"127.0.0.1:0\""),
            dials: static _ => new Failing()
        );

        await IsResetAsync(edge, new());
    }

    /// <summary>Has a client connect whose mode fails, and checks how it ends.</summary>
    internal static async Task IsResetAsync(TlsEdge edge, SslClientAuthenticationOptions options, string key = "")
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var client = await edge.HandshakeAsync(options, key);
            var count = await client.ReadAsync(new byte[1]).AsTask().WaitAsync(Eventually.Limit);
            Assert.Fail($"It ended after {count} bytes.");
        });

        Assert.IsNotType<Xunit.Sdk.FailException>(refused);
        Assert.IsNotType<TimeoutException>(refused);
        await edge.EndedAsync();
    }

    /// <summary>Has no memory left for any connection, which no mode handles.</summary>
    internal sealed class Failing : IConnectionFactory
    {
        public ValueTask<ConnectionContext> ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
            throw new InsufficientMemoryException();
    }
}
