using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli;

/// <summary>
/// <c>proxy certificates</c>: creates a certificate authority for development, unless the folder has one, and a certificate for each
/// instance. The authority's key is in the same folder, so a program that can read the folder can impersonate any instance. Production
/// needs an authority whose key is kept elsewhere.
/// </summary>
internal static class CertificatesCommand
{
    private const int AuthorityYears = 10;
    private const string AuthorityName = "ca";

    private static readonly Argument<string[]> _instances = new("INSTANCE")
    {
        Description = "The ids of the instances.",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<string> _folder = new("--folder")
    {
        Description = "The folder of the certificates and keys.",
        DefaultValueFactory = static _ => "certs",
    };
    private static readonly Option<string> _domain = new("--domain")
    {
        Description = "The SPIFFE trust domain.",
        DefaultValueFactory = static _ => "example.org",
    };
    private static readonly Option<string> _group = new("--group")
    {
        Description = "The group of the instances.",
        DefaultValueFactory = static _ => "dev",
    };
    private static readonly Option<int> _days = new("--days")
    {
        Description = "The number of days for which the certificates of the instances are valid, 1 to 3650.",
        DefaultValueFactory = static _ => 365,
    };

    private static readonly OutputOption _output = new();

    public static Command Create()
    {
        var command = new Command(
            "certificates",
            "Creates certificates for channels: an authority for development, and a certificate for each instance."
        )
        {
            _instances,
            _folder,
            _domain,
            _group,
            _days,
        };
        _output.AddTo(command);
        command.SetAction(static parsed => Run(parsed, TimeProvider.System));
        return command;
    }

    private static int Run(ParseResult parsed, TimeProvider time)
    {
        if (FindError(parsed) is { } error)
        {
            parsed.InvocationConfiguration.Error.WriteLine(error);
            return ExitCode.BadInput;
        }

        try
        {
            IssueAll(parsed, time.GetUtcNow());
            return ExitCode.Ok;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            parsed.InvocationConfiguration.Error.WriteLine($"{parsed.GetValue(_folder)}: {exception.Message}");
            return ExitCode.BadInput;
        }
    }

    private static string? FindError(ParseResult parsed)
    {
        var (domain, group, days) = (parsed.GetValue(_domain)!, parsed.GetValue(_group)!, parsed.GetValue(_days));
        return Array.Find([.. parsed.GetValue(_instances)!, group], static name => !ChannelNames.IsValid(name)) is { } name
                ? $"'{name}' is not a valid instance id or group; write {ChannelNames.Rule}."
            // Case is ignored, because some file systems ignore it.
            : parsed.GetValue(_instances)!.Contains(AuthorityName, StringComparer.OrdinalIgnoreCase)
                ? $"'{AuthorityName}' is reserved for the files of the authority; choose another instance id."
            : Uri.CheckHostName(domain) != UriHostNameType.Dns || domain.Any(char.IsAsciiLetterUpper)
                ? $"'{domain}' is not a valid trust domain; write a DNS name in lower case, such as example.org."
            : days is < 1 or > 3650 ? $"--days {days} is out of range; write 1 to 3650."
            : null;
    }

    private static void IssueAll(ParseResult parsed, DateTimeOffset now)
    {
        var folder = Directory.CreateDirectory(parsed.GetValue(_folder)!).FullName;
        using var authority = Authority(folder, now);
        var issued = new List<Issued>();
        foreach (var id in parsed.GetValue(_instances)!)
        {
            var (path, uri) = (Path.Combine(folder, id), $"spiffe://{parsed.GetValue(_domain)}/c/{parsed.GetValue(_group)}/i/{id}");
            Issue(authority, path, new Uri(uri), now, now.AddDays(parsed.GetValue(_days)));
            issued.Add(new($"{path}.crt", $"{path}.key", uri));
        }

        _output
            .PrinterFor(parsed)
            .Print(issued, writer => issued.ForEach(one => writer.WriteLine($"{Printable.Escape(one.Certificate)} {one.Uri}")));
    }

    private sealed record Issued(string Certificate, string Key, string Uri);

    private static X509Certificate2 Authority(string folder, DateTimeOffset now)
    {
        var path = Path.Combine(folder, AuthorityName);
        if (File.Exists($"{path}.key"))
        {
            return X509Certificate2.CreateFromPemFile($"{path}.crt", $"{path}.key");
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=proxy channels development", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        var authority = request.CreateSelfSigned(now.AddHours(-1), now.AddYears(AuthorityYears));
        Write(path, authority.ExportCertificatePem(), key);
        return authority;
    }

    private static void Issue(X509Certificate2 authority, string path, Uri uri, DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Path.GetFileName(path)}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false) // server and client
        );
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(uri);
        request.CertificateExtensions.Add(names.Build());
        var end = until < authority.NotAfter ? until : new DateTimeOffset(authority.NotAfter);
        using var certificate = request.Create(authority, from.AddMinutes(-5), end, RandomNumberGenerator.GetBytes(16));
        Write(path, certificate.ExportCertificatePem(), key);
    }

    // The key is written first, readable only by its owner. If the command fails in between, no certificate without a key is left.
    private static void Write(string path, string certificate, ECDsa key)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter($"{path}.key", options))
        {
            writer.Write($"{key.ExportPkcs8PrivateKeyPem()}\n");
        }

        File.WriteAllText($"{path}.crt", $"{certificate}\n");
    }
}
