using System.CommandLine;
using System.Security.Cryptography;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli;

/// <summary>
/// <c>proxy certificates</c>: creates a certificate authority for development, unless the folder has one, and a certificate for each
/// instance of channels, or with <c>server</c> for the names of a server. The authority's key is in the same folder, so a program that can read the
/// folder can impersonate any of them. Production needs an authority whose key is kept elsewhere.
/// </summary>
internal static class CertificatesCommand
{
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
            "Creates certificates for channels: an authority for development, and a certificate for each instance. With server: for TLS."
        )
        {
            _instances,
            _folder,
            _domain,
            _group,
            _days,
        };
        _output.AddTo(command);
        command.Add(ServerCertificateCommand.Create());
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
            : parsed.GetValue(_instances)!.Contains(DevelopmentAuthority.Name, StringComparer.OrdinalIgnoreCase)
                ? $"'{DevelopmentAuthority.Name}' is reserved for the files of the authority; choose another instance id."
            : Uri.CheckHostName(domain) != UriHostNameType.Dns || domain.Any(char.IsAsciiLetterUpper)
                ? $"'{domain}' is not a valid trust domain; write a DNS name in lower case, such as example.org."
            : days is < 1 or > 3650 ? $"--days {days} is out of range; write 1 to 3650."
            : null;
    }

    private static void IssueAll(ParseResult parsed, DateTimeOffset now)
    {
        var folder = Directory.CreateDirectory(parsed.GetValue(_folder)!).FullName;
        using var authority = new DevelopmentAuthority(folder, now);
        var issued = new List<Issued>();
        foreach (var id in parsed.GetValue(_instances)!)
        {
            var (path, uri) = (Path.Combine(folder, id), $"spiffe://{parsed.GetValue(_domain)}/c/{parsed.GetValue(_group)}/i/{id}");
            authority.Issue(path, id, now, now.AddDays(parsed.GetValue(_days)), names => names.AddUri(new Uri(uri)));
            issued.Add(new($"{path}.crt", $"{path}.key", uri));
        }

        _output
            .PrinterFor(parsed)
            .Print(issued, writer => issued.ForEach(one => writer.WriteLine($"{Printable.Escape(one.Certificate)} {one.Uri}")));
    }

    private sealed record Issued(string Certificate, string Key, string Uri);
}
