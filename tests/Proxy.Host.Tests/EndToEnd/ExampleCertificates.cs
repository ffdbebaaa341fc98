using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Routes;
using Proxy.Configuration.Tls;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.EndToEnd;

/// <summary>The certificates of an example, made by the commands of its comment in a temporary folder.</summary>
internal sealed class ExampleCertificates : IDisposable
{
    private const string Command = "//   proxy certificates ";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("certs");

    private ExampleCertificates() { }

    public static async Task<ExampleCertificates> MakeAsync(string example)
    {
        var certificates = new ExampleCertificates();
        foreach (var line in await File.ReadAllLinesAsync(example))
        {
            if (!line.StartsWith(Command, StringComparison.Ordinal))
            {
                continue;
            }

            var words = line[Command.Length..].Split(' ').Select(static word => word.Trim('"'));
            var (exit, _, error) = await ProxyProcess.RunAsync(["certificates", .. words, "--folder", certificates._folder.FullName]);
            Assert.True(exit == 0, $"{line}: {error}");
        }

        return certificates;
    }

    /// <summary>The file of this test for one that an example names.</summary>
    public string Move(string path) => Path.Combine(_folder.FullName, Path.GetFileName(path));

    public X509Certificate2 Of(string name)
    {
        using var read = X509Certificate2.CreateFromPemFile(Move($"{name}.crt"), Move($"{name}.key"));
        return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null); // a key that is not in a file is not taken on Windows
    }

    /// <summary>What a client does that knows the authority of the example.</summary>
    /// <param name="name">The name that it asks for; empty for none, and then any name in the certificate is right.</param>
    public SslClientAuthenticationOptions Client(string name) =>
        new()
        {
            TargetHost = name,
            RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                (name.Length == 0 || !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
                && certificate is X509Certificate2 shown
                && IsOfAuthority(shown),
        };

    /// <summary>What a client of a route does.</summary>
    public SslClientAuthenticationOptions ClientOf(TcpRouteConfig route)
    {
        var options = Client(route.Match is { ServerNames: [var name, ..] } ? name.Replace("*", "a", StringComparison.Ordinal) : "");
        if (route.Tls!.ClientCertificates != ClientCertificateMode.None)
        {
            options.ClientCertificates = [Of(route.Match!.ClientCertificates[0])];
        }

        return options;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private bool IsOfAuthority(X509Certificate2 shown)
    {
        using var authority = X509CertificateLoader.LoadCertificateFromFile(Move("ca.crt"));
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(shown);
    }
}
