using System.CommandLine;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary>The options of every command that talks to a running host.</summary>
internal sealed class AdminOptions
{
    private const string UrlVariable = "PROXY_ADMIN";
    private const string TokenVariable = "PROXY_ADMIN_TOKEN";
    private const string DefaultUrl = "http://127.0.0.1:9099";

    private readonly Option<string> _url;

    // No option takes the token itself: every user of the machine sees the arguments of a program.
    private readonly Option<string?> _tokenFile = new("--token-file")
    {
        Description = $"A file with the admin token; the variable {TokenVariable} is read otherwise.",
    };
    private readonly Option<string?> _authority = new("--authority")
    {
        Description = "A PEM file of the authorities to believe, for https.",
    };
    private readonly Option<string?> _certificate = new("--certificate")
    {
        Description = "A PEM file with a client certificate and its key, where the host wants one.",
    };

    /// <param name="url">The option's name.</param>
    /// <param name="required">Whether there is no default.</param>
    public AdminOptions(string url = "--admin", bool required = true)
    {
        _url = new Option<string>(url) { Description = $"The admin address of the host; the variable {UrlVariable}, else {DefaultUrl}." };
        if (required)
        {
            _url.DefaultValueFactory = static _ => Environment.GetEnvironmentVariable(UrlVariable) ?? DefaultUrl;
        }
        else
        {
            _url.Description = "The admin address of a running host.";
        }
    }

    public void AddTo(Command command)
    {
        command.Add(_url);
        command.Add(_tokenFile);
        command.Add(_authority);
        command.Add(_certificate);
    }

    /// <summary>Whether a host is named.</summary>
    public bool Names(ParseResult parsed) => parsed.GetValue(_url) is not null;

    /// <exception cref="AdminException">The options cannot be used.</exception>
    public AdminClient Connect(ParseResult parsed)
    {
        var token = parsed.GetValue(_tokenFile) is { } file ? Read(file) : Environment.GetEnvironmentVariable(TokenVariable);
        return AdminClient.Create(parsed.GetValue(_url)!, token, parsed.GetValue(_authority), parsed.GetValue(_certificate));
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AdminException($"The token cannot be read: {exception.Message}", ExitCode.BadInput);
        }
    }
}
