using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Tls.Origination;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Tls;

/// <summary>Destinations whose certificate or handshake fails: their clients are reset, and no byte of theirs is sent.</summary>
public sealed class OriginationFailureTests : IDisposable
{
    private readonly ServerAuthority _authority = new();

    public static TheoryData<string> Transports => [Multiplexer.Portable, Multiplexer.Loops];

    /// <summary>What is wrong with a certificate, and what the log says of it.</summary>
    public static TheoryData<string, string, string> Certificates
    {
        get
        {
            var all = new TheoryData<string, string, string>();
            foreach (var transport in (string[])[Multiplexer.Portable, Multiplexer.Loops])
            {
                all.Add(transport, "expired", ", and not now");
                all.Add(transport, "not yet valid", ", and not now");
                all.Add(transport, "other name", "and not for 'localhost'");
                all.Add(transport, "self-signed", "is signed by itself");
                all.Add(transport, "wrong usage", "is not for servers");
                all.Add(transport, "unknown authority", "is issued by 'CN=Other CA'");
                all.Add(transport, "missing intermediate", "and was not sent");
                all.Add(transport, "revoked", "revoked");
            }

            return all;
        }
    }

    private string Trust => $"\"CertificateAuthority\": {_authority.Json}";

    [Theory]
    [MemberData(nameof(Certificates))]
    public async Task Connect_CertificateIsNotValid_ResetAndTheLogSaysWhy(string transport, string wrong, string said)
    {
        using var other = new ServerAuthority("Other CA");
        var plain = new ServerAuthority.Wanted();
        var certificate = wrong switch
        {
            "expired" => _authority.Issue(plain with { Until = TimeProvider.System.GetUtcNow().AddDays(-1) }),
            "not yet valid" => _authority.Issue(plain with { From = TimeProvider.System.GetUtcNow().AddDays(1) }),
            "other name" => _authority.Issue("other.test", "127.0.0.1"),
            "self-signed" => _authority.Issue(plain with { IsSelfSigned = true }),
            "wrong usage" => _authority.Issue(plain with { Usage = ServerAuthority.ClientUsage }),
            "unknown authority" => other.Issue(),
            "missing intermediate" => _authority.IssueChain(3)[0],
            _ => _authority.Issue(),
        };
        var list = wrong == "revoked" ? $", \"CertificateRevocationList\": {Json(_authority.Revoke(certificate))}" : "";
        using var server = new TlsServer(certificate);
        await using var proxy = await TlsRoute.StartAsync(transport, Trust + list, $"tcp://localhost:{server.Port}");

        var end = await proxy.FailAsync();

        Assert.Equal((ConnectionOutcome.UpstreamTlsFailed, "a", true), (end.Outcome, end.Destination, end.Failed));
        Assert.StartsWith("The certificate of the destination is not valid for 'localhost': ", end.Reason, StringComparison.Ordinal);
        Assert.Equal([(FailureReason.InvalidCertificate, 1)], proxy.Failures);
        Assert.Contains("The certificate of the destination is not valid for 'localhost': ", proxy.Why, StringComparison.Ordinal);
        Assert.Contains(said, proxy.Why, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("It says: subject 'CN=server', names ", proxy.Why, StringComparison.Ordinal);
        Assert.Contains("issuer 'CN=", proxy.Why, StringComparison.Ordinal);
        Assert.Equal("", server.Received);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_CertificateOfAnotherIsRevoked_Served(string transport)
    {
        using var revoked = _authority.Issue();
        using var server = new TlsServer(_authority.Issue());
        await using var proxy = await TlsRoute.StartAsync(
            transport,
            $"{Trust}, \"CertificateRevocationList\": {Json(_authority.Revoke(revoked))}",
            $"tcp://localhost:{server.Port}"
        );

        Assert.Equal("ping", await proxy.AskAsync("ping"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_SystemTrust_UnknownAuthorityIsRefused(string transport)
    {
        using var server = new TlsServer(_authority.Issue());
        await using var proxy = await TlsRoute.StartAsync(transport, "\"MinimumVersion\": \"Tls12\"", $"tcp://localhost:{server.Port}");

        Assert.Equal(ConnectionOutcome.UpstreamTlsFailed, (await proxy.FailAsync()).Outcome);
        Assert.Equal("", server.Received);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_ServerStallsInTheHandshake_ConnectTimeout(string transport)
    {
        var time = new ManualTime();
        using var server = Loopback.Listen();
        await using var proxy = await TlsRoute.StartAtAsync(
            time,
            transport,
            Trust,
            "\"ConnectTimeout\": \"00:00:00.300\"",
            "",
            $"tcp://localhost:{server.Port()}"
        );
        var failing = proxy.FailAsync();
        using var stalled = await server.AcceptWithinAsync();
        var hello = new byte[4096];
        var count = await stalled.ReceiveAsync(hello);
        await time.WaitForTimerAsync(TimeSpan.FromMilliseconds(300));
        time.Advance(TimeSpan.FromMilliseconds(299));
        Assert.False(failing.IsCompleted);

        time.Advance(TimeSpan.FromMilliseconds(1));
        var end = await failing;

        Assert.Equal(ConnectionOutcome.UpstreamTlsFailed, end.Outcome);
        Assert.Equal([(FailureReason.TimedOut, 1)], proxy.Failures);
        Assert.Contains("was not over within 00:00:00.3000000", proxy.Why, StringComparison.Ordinal);
        var (rest, _) = await stalled.ReadToEndAsync(); // the connection is closed
        byte[] bytes = [.. hello[..count], .. rest];
        Assert.Equal(22, bytes[0]); // the record of a ClientHello, and nothing of the client
        Assert.DoesNotContain("secret", Encoding.ASCII.GetString(bytes), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Multiplexer.Portable, "garbage", "does not speak TLS")]
    [InlineData(Multiplexer.Loops, "garbage", "does not speak TLS")]
    [InlineData(Multiplexer.Portable, "end", "closed the connection during the TLS handshake")]
    [InlineData(Multiplexer.Loops, "end", "closed the connection during the TLS handshake")]
    [InlineData(Multiplexer.Portable, "reset", "reset the connection during the TLS handshake")]
    [InlineData(Multiplexer.Loops, "reset", "reset the connection during the TLS handshake")]
    public async Task Connect_ServerDoesNotShakeHands_ResetAndTheLogSaysWhy(string transport, string does, string said)
    {
        using var server = Loopback.Listen();
        await using var proxy = await TlsRoute.StartAsync(transport, Trust, $"tcp://localhost:{server.Port()}");
        var failing = proxy.FailAsync();
        using var accepted = await server.AcceptWithinAsync();
        var hello = new byte[4096];
        Assert.NotEqual(0, await accepted.ReceiveAsync(hello));
        switch (does)
        {
            case "garbage":
                await accepted.SendAsync("220 mail.example.com ESMTP ready, please say hello\r\n"u8.ToArray());
                break;
            case "end":
                accepted.Shutdown(SocketShutdown.Send);
                break;
            default:
                accepted.LingerState = new(true, 0);
                accepted.Close();
                break;
        }

        Assert.Equal(ConnectionOutcome.UpstreamTlsFailed, (await failing).Outcome);
        Assert.Equal([(FailureReason.TlsHandshake, 1)], proxy.Failures);
        Assert.True(proxy.Why.Contains(said, StringComparison.Ordinal), proxy.Why);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_NoCommonApplicationProtocol_Refused(string transport)
    {
        using var server = new TlsServer(_authority.Issue(), static options => options.ApplicationProtocols = [new("two")]);
        await using var proxy = await TlsRoute.StartAsync(
            transport,
            $"{Trust}, \"AlpnProtocols\": [ \"one\" ]",
            $"tcp://localhost:{server.Port}"
        );

        Assert.Equal(ConnectionOutcome.UpstreamTlsFailed, (await proxy.FailAsync()).Outcome);
        Assert.Contains("supports none of the offered application protocols", proxy.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Multiplexer.Portable, SslProtocols.Tls12)]
    [InlineData(Multiplexer.Loops, SslProtocols.Tls12)]
    [InlineData(Multiplexer.Portable, SslProtocols.Tls13)]
    [InlineData(Multiplexer.Loops, SslProtocols.Tls13)]
    public async Task Connect_ServerNeedsACertificateAndGetsNone_Reset(string transport, SslProtocols version)
    {
        using var server = new TlsServer(
            _authority.Issue(),
            options =>
            {
                options.EnabledSslProtocols = version;
                options.ClientCertificateRequired = true;
                options.RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null;
            }
        );
        await using var proxy = await TlsRoute.StartAsync(transport, Trust, $"tcp://localhost:{server.Port}");

        // With TLS 1.3 the server refuses after the handshake, so that the connection is established by then; its reset may overtake its alert.
        var end = await proxy.FailAsync();

        Assert.Contains(
            end.Outcome,
            (ConnectionOutcome[])[ConnectionOutcome.UpstreamTlsFailed, ConnectionOutcome.UpstreamReset, ConnectionOutcome.UpstreamTruncated]
        );
        if (version == SslProtocols.Tls13 && end.Outcome == ConnectionOutcome.UpstreamTlsFailed)
        {
            Assert.Single(
                proxy.Log.Lines,
                static line => line.Contains("refused the connection after the TLS handshake with the alert", StringComparison.Ordinal)
            );
        }

        Assert.Equal("", server.Received);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_ClientResetsDuringTheHandshake_DestinationIsClosedAndNotBlamed(string transport)
    {
        using var server = Loopback.Listen();
        await using var proxy = await TlsRoute.StartWithAsync(
            transport,
            Trust,
            "\"ConnectTimeout\": \"00:10:00\"",
            "",
            $"tcp://localhost:{server.Port()}"
        );
        using var client = await proxy.ConnectAsync();
        using var accepted = await server.AcceptWithinAsync();
        client.LingerState = new(true, 0);
        client.Close();

        await accepted.ReadToEndAsync();
        await Eventually.TrueAsync(() => proxy.Service<RecentOutcomes>().Ends.List.Count == 1);
        Assert.Equal(ConnectionOutcome.ClientReset, proxy.Service<RecentOutcomes>().Ends.List[0].Outcome);
        Assert.Null(proxy.Service<RecentOutcomes>().Find("c", "a"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Edit_UnreadableAuthority_IsRejectedWithItsKey(string transport)
    {
        using var server = new TlsServer(_authority.Issue());
        await using var proxy = await TlsRoute.StartAsync(transport, Trust, $"tcp://localhost:{server.Port}");

        var exception = await Assert.ThrowsAsync<Proxy.Routes.ApplyException>(() =>
            proxy.EditAsync("\"CertificateAuthority\": \"/nowhere/ca.pem\"", "", "", $"tcp://localhost:{server.Port}")
        );

        Assert.Equal("ReverseProxy:Clusters:c:Tcp:Tls:CertificateAuthority", exception.Path);
        Assert.Contains("/nowhere/ca.pem does not exist", exception.Message, StringComparison.Ordinal);
        Assert.Equal("ping", await proxy.AskAsync("ping"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_AuthorityIsReplaced_NextHandshakeIsVerifiedByTheNewOneEvenIfResumed(string transport)
    {
        using var other = new ServerAuthority("Other CA");
        using var server = new TlsServer(_authority.Issue());
        await using var proxy = await TlsRoute.StartAsync(transport, Trust, $"tcp://localhost:{server.Port}");
        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal("ping", await proxy.AskAsync("ping"));

        await proxy.EditAsync($"\"CertificateAuthority\": {other.Json}", "", "", $"tcp://localhost:{server.Port}");

        Assert.Equal(ConnectionOutcome.UpstreamTlsFailed, (await proxy.FailAsync()).Outcome);
    }

    public void Dispose() => _authority.Dispose();

    private static string Json(string text) => System.Text.Json.JsonSerializer.Serialize(text);
}
