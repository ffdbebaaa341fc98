using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Proxy.Host.Tests.EndToEnd.Servers;
using Proxy.Host.Tests.Support;

#pragma warning disable CA2025 // all tasks are awaited before what they use is disposed

namespace Proxy.Host.Tests.EndToEnd.Tls;

/// <summary>Certificates that are replaced while clients connect all the time.</summary>
public sealed class CertificateSwapTests
{
    private const int Clients = 4;
    private const int Swaps = 3;

    [RealServerFact("openssl")]
    public Task Rename_UnderLoad_NoHandshakeFailsAndEachCertificateIsUsed() => SwapAsync(byLink: false);

    [RealServerFact("openssl", "mv")]
    public Task LinkSwapped_UnderLoad_NoHandshakeFailsAndEachCertificateIsUsed() => SwapAsync(byLink: true);

    private static async Task SwapAsync(bool byLink)
    {
        using var files = await CertificateFiles.CreateAsync();
        for (var i = 0; i <= Swaps; i++)
        {
            await files.IssueAsync($"{i}", "serverAuth", "DNS:server");
        }

        var folder = Directory.CreateDirectory(files["live"]).FullName;
        await SwapAsync(files, folder, 0, byLink);
        using var server = new TcpServer("hello");
        await using var host = await TestHost.StartAsync(
            $$"""
            { "ReverseProxy": {
                "TcpRoutes": { "r": { "Listen": "127.0.0.1:0", "ClusterId": "c", "Tls": { "Certificate": {
                    "Path": "{{folder}}/tls.crt", "KeyPath": "{{folder}}/tls.key" } } } },
                "Clusters": { "c": { "Destinations": { "a": { "Address": "tcp://127.0.0.1:{{server.Port}}" } } } } } }
            """
        );
        using var stop = new CancellationTokenSource();
        var (seen, failures) = (new ConcurrentDictionary<string, int>(), new ConcurrentQueue<Exception>());
        var clients = Enumerable
            .Range(0, Clients)
            .Select(_ => Task.Run(() => ConnectAsync(host.Address, files, seen, failures, stop.Token)))
            .ToList();

        for (var i = 0; i <= Swaps; i++)
        {
            if (i > 0)
            {
                await SwapAsync(files, folder, i, byLink);
            }

            var wanted = X509CertificateLoader.LoadCertificateFromFile(files[$"{i}.pem"]).Thumbprint;
            await Eventually.TrueAsync(() => seen.ContainsKey(wanted) || !failures.IsEmpty);
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients).WaitAsync(Eventually.Limit);
        Assert.Empty(failures);
        Assert.Equal(Swaps + 1, seen.Count);
    }

    private static async Task SwapAsync(CertificateFiles files, string folder, int number, bool byLink)
    {
        if (byLink)
        {
            // As the kubelet does: files are links into a link, which is replaced.
            var content = Directory.CreateDirectory(Path.Combine(folder, $"..{number}")).FullName;
            Copy(files, number, content);
            File.CreateSymbolicLink(Path.Combine(folder, "..new"), content);
            await Programs.RunAsync("mv", "", "-T", Path.Combine(folder, "..new"), Path.Combine(folder, "..data"));
            if (number == 0)
            {
                File.CreateSymbolicLink(Path.Combine(folder, "tls.crt"), "..data/tls.crt");
                File.CreateSymbolicLink(Path.Combine(folder, "tls.key"), "..data/tls.key");
            }

            return;
        }

        var other = Directory.CreateDirectory(files["new"]).FullName;
        Copy(files, number, other);
        File.Move(Path.Combine(other, "tls.crt"), Path.Combine(folder, "tls.crt"), overwrite: true);
        File.Move(Path.Combine(other, "tls.key"), Path.Combine(folder, "tls.key"), overwrite: true);
    }

    private static void Copy(CertificateFiles files, int number, string folder)
    {
        File.Copy(files[$"{number}.pem"], Path.Combine(folder, "tls.crt"), overwrite: true);
        File.Copy(files[$"{number}.key"], Path.Combine(folder, "tls.key"), overwrite: true);
    }

    private static async Task ConnectAsync(
        EndPoint address,
        CertificateFiles files,
        ConcurrentDictionary<string, int> seen,
        ConcurrentQueue<Exception> failures,
        CancellationToken stop
    )
    {
        using var authority = X509CertificateLoader.LoadCertificateFromFile(files.Authority);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(address, CancellationToken.None);
                await using var stream = new SslStream(new NetworkStream(socket));
                await stream.AuthenticateAsClientAsync(
                    new SslClientAuthenticationOptions
                    {
                        TargetHost = "server",
                        CertificateChainPolicy = new X509ChainPolicy
                        {
                            TrustMode = X509ChainTrustMode.CustomRootTrust,
                            CustomTrustStore = { authority },
                            RevocationMode = X509RevocationMode.NoCheck,
                        },
                    },
                    CancellationToken.None
                );
                seen.AddOrUpdate(((X509Certificate2)stream.RemoteCertificate!).Thumbprint, 1, static (_, count) => count + 1);
                await stream.ReadExactlyAsync(new byte["hello".Length], CancellationToken.None);
                await stream.ShutdownAsync();
            }
            catch (Exception exception)
            {
                failures.Enqueue(exception);
                return;
            }
        }
    }
}
