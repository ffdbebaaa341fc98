using System.CommandLine;
using System.Security.Cryptography;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli;

/// <summary>What the commands for certificates share: the folder, what is not replaced there, and how long certificates are valid.</summary>
internal sealed class CertificateFolder
{
    private const int MostDays = 3650;

    private readonly Option<string> _folder = new("--folder")
    {
        Description = "The folder of the certificates and keys.",
        DefaultValueFactory = static _ => "certs",
    };
    private readonly Option<int> _days = new("--days")
    {
        Description = $"The number of days for which the certificates are valid, 1 to {MostDays}.",
        DefaultValueFactory = static _ => 365,
    };
    private readonly Option<bool> _force = new("--force")
    {
        Description = "Replaces certificates and keys that exist. The authority is never replaced.",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_folder);
        command.Add(_days);
        command.Add(_force);
    }

    /// <summary>The path of a certificate and its key, without their extension.</summary>
    public string PathOf(ParseResult parsed, string name) => Path.Combine(Path.GetFullPath(parsed.GetValue(_folder)!), name);

    /// <summary>When certificates end that begin now.</summary>
    public DateTimeOffset Until(ParseResult parsed, DateTimeOffset now) => now.AddDays(parsed.GetValue(_days));

    /// <summary>Issues certificates, unless the arguments are wrong or what they name exists.</summary>
    /// <param name="parsed">The arguments.</param>
    /// <param name="error">What is wrong with the command's own; null for nothing.</param>
    /// <param name="names">The names of the certificates, which those of their files are.</param>
    /// <param name="now">The time from which a new authority is valid.</param>
    /// <param name="issue">Issues them.</param>
    public int Run(ParseResult parsed, string? error, IEnumerable<string> names, DateTimeOffset now, Action<DevelopmentAuthority> issue)
    {
        var folder = parsed.GetValue(_folder)!;
        try
        {
            if ((error ?? FindError(parsed, names)) is { } wrong)
            {
                parsed.InvocationConfiguration.Error.WriteLine(wrong);
                return ExitCode.BadInput;
            }

            using var authority = new DevelopmentAuthority(Directory.CreateDirectory(folder).FullName, now);
            issue(authority);
            return ExitCode.Ok;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            parsed.InvocationConfiguration.Error.WriteLine($"{folder}: {exception.Message}");
            return ExitCode.BadInput;
        }
    }

    private string? FindError(ParseResult parsed, IEnumerable<string> names)
    {
        var days = parsed.GetValue(_days);
        if (days is < 1 or > MostDays)
        {
            return $"--days {days} is out of range; write 1 to {MostDays}.";
        }

        List<string> existing = parsed.GetValue(_force)
            ? []
            : [.. names.SelectMany(name => Files(PathOf(parsed, name))).Where(File.Exists)];
        return existing switch
        {
            [] => null,
            [var one] => $"{one} exists; choose another --folder, or replace it with --force.",
            [var one, .. var others] =>
                $"{one} and {others.Count} more files exist; choose another --folder, or replace them with --force.",
        };
    }

    private static string[] Files(string path) => [$"{path}.crt", $"{path}.key"];
}
