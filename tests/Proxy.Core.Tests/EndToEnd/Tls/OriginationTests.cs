using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Proxy.Core.Tests.Multiplexing;
using Proxy.Core.Tests.Tls.Origination;

namespace Proxy.Core.Tests.EndToEnd.Tls;

/// <summary>Clients in clear, whose destinations are connected within TLS.</summary>
public sealed class OriginationTests : IDisposable
{
    private readonly ServerAuthority _authority = new();

    public static TheoryData<string> Transports => [Multiplexer.Portable, Multiplexer.Loops];

    public static TheoryData<string, SslProtocols> Versions
    {
        get
        {
            var all = new TheoryData<string, SslProtocols>();
            foreach (var version in (SslProtocols[])[SslProtocols.Tls12, SslProtocols.Tls13])
            {
                all.Add(Multiplexer.Portable, version);
                all.Add(Multiplexer.Loops, version);
            }

            return all;
        }
    }

    private string Trust => $"\"CertificateAuthority\": {_authority.Json}";

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Connect_Verified_BytesBothWaysAndEnds(string transport, SslProtocols version)
    {
        using var server = new TlsServer(_authority.Issue(), options => options.EnabledSslProtocols = version);
        await using var proxy = await TlsRoute.StartAsync(transport, Trust, $"tcp://localhost:{server.Port}");
        var text = new string('x', 300_000);

        Assert.Equal(text, await proxy.AskAsync(text));
        Assert.Equal("again", await proxy.AskAsync("again"));

        var session = await server.SessionAsync();
        Assert.Equal(("localhost", version, ""), (session.Name, session.Version, session.Alpn));
        Assert.Null(session.Client);
        Assert.Equal(2, server.Connections);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_MinimumVersion13_OldServerIsRefused(string transport)
    {
        using var server = new TlsServer(_authority.Issue(), static options => options.EnabledSslProtocols = SslProtocols.Tls12);
        await using var proxy = await TlsRoute.StartAsync(
            transport,
            $"{Trust}, \"MinimumVersion\": \"Tls13\"",
            $"tcp://localhost:{server.Port}"
        );

        await proxy.FailAsync();

        Assert.Contains("supports no version from MinimumVersion on", proxy.Why, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_ToAnAddress_NoNameIsSentAndTheCertificateHasTheAddress(string transport)
    {
        using var server = new TlsServer(_authority.Issue("127.0.0.1"));
        await using var proxy = await TlsRoute.StartAsync(transport, Trust, $"tcp://127.0.0.1:{server.Port}");

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal("", (await server.SessionAsync()).Name);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_ToAnIpv6Address_NoNameIsSent(string transport)
    {
        if (!System.Net.Sockets.Socket.OSSupportsIPv6)
        {
            return;
        }

        using var server = new TlsServer([_authority.Issue("::1")], address: IPAddress.IPv6Loopback);
        await using var proxy = await TlsRoute.StartAsync(transport, Trust, $"tcp://[::1]:{server.Port}");

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal("", (await server.SessionAsync()).Name);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_ServerName_IsAskedForAndVerified(string transport)
    {
        using var server = new TlsServer(_authority.Issue("db.example.com"));
        await using var proxy = await TlsRoute.StartAsync(
            transport,
            $"{Trust}, \"ServerName\": \"db.example.com\"",
            $"tcp://127.0.0.1:{server.Port}"
        );

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal("db.example.com", (await server.SessionAsync()).Name);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_ChainOfTen_Valid(string transport)
    {
        using var server = new TlsServer(_authority.IssueChain(10));
        await using var proxy = await TlsRoute.StartAsync(transport, Trust, $"tcp://localhost:{server.Port}");

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal("resumed or not", await proxy.AskAsync("resumed or not"));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_AllowInvalid_AnyCertificate(string transport)
    {
        using var server = new TlsServer(
            _authority.Issue(
                new ServerAuthority.Wanted
                {
                    IsSelfSigned = true,
                    Until = TimeProvider.System.GetUtcNow().AddDays(-1),
                    Names = ["other.test"],
                }
            )
        );
        await using var proxy = await TlsRoute.StartAsync(transport, "\"AllowInvalid\": true", $"tcp://localhost:{server.Port}");

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal("localhost", (await server.SessionAsync()).Name);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task Connect_ServerAsksForACertificate_GetsIt(string transport, SslProtocols version)
    {
        using var own = _authority.Issue(
            new ServerAuthority.Wanted
            {
                Subject = "CN=proxy",
                Usage = ServerAuthority.ClientUsage,
                Names = [],
            }
        );
        using var server = new TlsServer(
            _authority.Issue(),
            options =>
            {
                options.EnabledSslProtocols = version;
                options.ClientCertificateRequired = true;
                options.RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is X509Certificate2;
            }
        );
        var certificate = System.Text.Json.JsonSerializer.Serialize(_authority.Write(own));
        await using var proxy = await TlsRoute.StartAsync(
            transport,
            $"{Trust}, \"Certificate\": {{ \"Path\": {certificate} }}",
            $"tcp://localhost:{server.Port}"
        );

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal("CN=proxy", (await server.SessionAsync()).Client);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_AlpnProtocols_Offered(string transport)
    {
        using var server = new TlsServer(_authority.Issue(), static options => options.ApplicationProtocols = [new("two"), new("three")]);
        await using var proxy = await TlsRoute.StartAsync(
            transport,
            $"{Trust}, \"AlpnProtocols\": [ \"one\", \"two\" ]",
            $"tcp://localhost:{server.Port}"
        );

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal("two", (await server.SessionAsync()).Alpn);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_TlsOfTheClientWasTerminated_ItsProtocolIsOffered(string transport)
    {
        using var server = new TlsServer(_authority.Issue(), static options => options.ApplicationProtocols = [new("one"), new("two")]);
        using var certificate = _authority.Issue();
        var path = System.Text.Json.JsonSerializer.Serialize(_authority.Write(certificate));
        await using var proxy = await TlsRoute.StartWithAsync(
            transport,
            Trust,
            "",
            $"\"Tls\": {{ \"Certificate\": {{ \"Path\": {path} }}, \"AlpnProtocols\": [ \"one\", \"two\" ] }}",
            $"tcp://localhost:{server.Port}"
        );
        using var limit = new CancellationTokenSource(Eventually.Limit);
        using var socket = await proxy.ConnectAsync();
        await using var network = new System.Net.Sockets.NetworkStream(socket);
        await using var client = new SslStream(network, false, static (_, _, _, _) => true);
        await client.AuthenticateAsClientAsync(new() { TargetHost = "localhost", ApplicationProtocols = [new("two")] }, limit.Token);
        var text = "ping"u8.ToArray();
        await client.WriteAsync(text, limit.Token);
        await client.ReadExactlyAsync(text, limit.Token);

        Assert.Equal("two", (await server.SessionAsync()).Alpn);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_ServerChoosesNoProtocol_Served(string transport)
    {
        using var server = new TlsServer(_authority.Issue());
        await using var proxy = await TlsRoute.StartAsync(
            transport,
            $"{Trust}, \"AlpnProtocols\": [ \"one\" ]",
            $"tcp://localhost:{server.Port}"
        );

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal("", (await server.SessionAsync()).Alpn);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_CipherSuites_OnlyThese(string transport)
    {
        using var server = new TlsServer(_authority.Issue());
        await using var proxy = await TlsRoute.StartAsync(
            transport,
            $"{Trust}, \"CipherSuites\": [ \"TLS_CHACHA20_POLY1305_SHA256\" ]",
            $"tcp://localhost:{server.Port}"
        );

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal(TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256, (await server.SessionAsync()).Suite);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_WithAProxyHeader_HeaderIsInClearBeforeTls(string transport)
    {
        var header = new byte[512];
        var length = 0;
        using var server = new TlsServer(
            [_authority.Issue()],
            before: async stream =>
            {
                while (length < 2 || header[length - 2] != '\r' || header[length - 1] != '\n')
                {
                    length += await stream.ReadAsync(header.AsMemory(length, 1));
                }
            }
        );
        await using var proxy = await TlsRoute.StartWithAsync(
            transport,
            Trust,
            "\"SendProxyProtocol\": \"V1\"",
            "",
            $"tcp://localhost:{server.Port}"
        );

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.StartsWith("PROXY TCP4 127.0.0.1 ", System.Text.Encoding.ASCII.GetString(header, 0, length), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Connect_OneCertificateIsBad_TheOtherDestinationServes(string transport)
    {
        using var bad = new TlsServer(_authority.Issue("other.test"));
        using var good = new TlsServer(_authority.Issue());
        await using var proxy = await TlsRoute.StartAsync(transport, Trust, $"tcp://localhost:{bad.Port}", $"tcp://localhost:{good.Port}");

        Assert.Equal("ping", await proxy.AskAsync("ping"));
        Assert.Equal(("", "ping"), (bad.Received, good.Received));
    }

    public void Dispose() => _authority.Dispose();
}
