using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Text;
using Proxy.Core.Tests.Tls;
using Proxy.Diagnostics;

namespace Proxy.Core.Tests.EndToEnd.Tls;

/// <summary>The programs of OpenSSL as peers. Without them, nothing is tested.</summary>
public sealed class OpenSslTests
{
    public static TheoryData<string, SslProtocols> Ways => TlsConnectionTests.Ways;

    [OpenSslTheory]
    [MemberData(nameof(Ways))]
    public async Task Run_SClientAsksAndEnds_EndsAreClean(string transport, SslProtocols version)
    {
        using var client = new Tool("s_client");
        await using var pair = await RelayedPair.StartWithProgramAsync(
            transport,
            RelayedPair.In,
            version,
            address => client.ConnectAsync(address, version)
        );

        await client.WriteAsync("question\n");
        Assert.Equal("question\n"u8.ToArray(), await pair.Upstream.ReadAsync(9));
        await pair.Upstream.SendAsync("answer\n"u8.ToArray());
        await client.SeesAsync("answer");
        client.EndInput(); // sends close_notify

        Assert.Equal(PeerEnd.Clean, (await pair.Upstream.ReadToEndAsync()).End);
        await pair.Upstream.EndAsync();
        Assert.Equal(ConnectionOutcome.Completed, await pair.Relay.WaitAsync(Eventually.Limit));
    }

    [OpenSslTheory]
    [InlineData(RelayedPair.Portable)]
    [InlineData(RelayedPair.Loops)]
    public async Task Run_SClientUpdatesItsKeys_BytesPassBothWays(string transport)
    {
        using var client = new Tool("s_client");
        await using var pair = await RelayedPair.StartWithProgramAsync(
            transport,
            RelayedPair.In,
            SslProtocols.Tls13,
            address => client.ConnectAsync(address, SslProtocols.Tls13)
        );
        for (var round = 0; round < 40; round++)
        {
            await client.WriteAsync(round % 2 == 0 ? "K\n" : "k\n"); // with and without a request to update ours
            await client.SeesAsync("KEYUPDATE", round + 1);
            var text = string.Create(CultureInfo.InvariantCulture, $"line {round}\n");
            await client.WriteAsync(text);
            Assert.Equal(text, Encoding.ASCII.GetString(await pair.Upstream.ReadAsync(text.Length)));
            await pair.Upstream.SendAsync(Encoding.ASCII.GetBytes($"answer {round};\n"));
            await client.SeesAsync($"answer {round};");
        }

        await Eventually.TrueAsync(() => pair.Buffers.Outstanding == 0);
    }

    [OpenSslTheory]
    [MemberData(nameof(Ways))]
    public async Task Run_SServer_AnswersAndSeesTheEnd(string transport, SslProtocols version)
    {
        using var server = new Tool("s_server");
        await using var pair = await RelayedPair.StartWithProgramAsync(
            transport,
            RelayedPair.Out,
            version,
            null,
            await server.ListenAsync(version)
        );

        await pair.Client.SendAsync("abc\n"u8.ToArray());
        Assert.Equal("cba\n"u8.ToArray(), await pair.Client.ReadAsync(4));
        await pair.Client.EndAsync();

        var (_, end) = await pair.Client.ReadToEndAsync();
        Assert.Equal(PeerEnd.Clean, end);
        Assert.Equal(ConnectionOutcome.Completed, await pair.Relay.WaitAsync(Eventually.Limit));
    }

    /// <summary>A running program, and what it has said so far.</summary>
    private sealed class Tool(string name) : IDisposable
    {
        private readonly StringBuilder _said = new();
        private readonly string _files = Path.Combine(Path.GetTempPath(), $"proxy-{Guid.NewGuid():N}");
        private Process? _process;

        public async Task<System.Net.Sockets.Socket?> ConnectAsync(EndPoint address, SslProtocols version)
        {
            Start("-connect", address.ToString()!, Version(version), "-servername", "localhost");
            await SeesAsync("Verify return code");
            return null;
        }

        public async Task<EndPoint> ListenAsync(SslProtocols version)
        {
            Directory.CreateDirectory(_files);
            var (certificate, key) = (Path.Combine(_files, "cert.pem"), Path.Combine(_files, "key.pem"));
            await File.WriteAllTextAsync(certificate, SelfSigned.Certificate.ExportCertificatePem());
            await File.WriteAllTextAsync(
                key,
                System
                    .Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(SelfSigned.Certificate)!
                    .ExportPkcs8PrivateKeyPem()
            );
            Start("-accept", "127.0.0.1:0", Version(version), "-rev", "-cert", certificate, "-key", key);
            await SeesAsync("ACCEPT 127.0.0.1:");
            var line = Said().Split('\n').First(static line => line.StartsWith("ACCEPT ", StringComparison.Ordinal));
            return IPEndPoint.Parse(line["ACCEPT ".Length..].Trim());
        }

        public async Task WriteAsync(string text)
        {
            await _process!.StandardInput.WriteAsync(text);
            await _process.StandardInput.FlushAsync();
        }

        public void EndInput() => _process!.StandardInput.Close();

        public Task SeesAsync(string text, int times = 1) =>
            Eventually.TrueAsync(() => Said().Split(text, StringSplitOptions.None).Length > times);

        public void Dispose()
        {
            _process?.Kill();
            _process?.Dispose();
            if (Directory.Exists(_files))
            {
                Directory.Delete(_files, recursive: true);
            }
        }

        private static string Version(SslProtocols version) => version == SslProtocols.Tls12 ? "-tls1_2" : "-tls1_3";

        private string Said()
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }

        private void Start(params string[] arguments)
        {
            _process = Process.Start(
                new ProcessStartInfo(Programs.Find("openssl")!, [name, .. arguments])
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )!;
            _ = ListenToAsync(_process.StandardOutput);
            _ = ListenToAsync(_process.StandardError);
        }

        private async Task ListenToAsync(StreamReader reader)
        {
            var buffer = new char[4096];
            while (await reader.ReadAsync(buffer) is var count and > 0)
            {
                lock (_said)
                {
                    _said.Append(buffer, 0, count);
                }
            }
        }
    }
}
