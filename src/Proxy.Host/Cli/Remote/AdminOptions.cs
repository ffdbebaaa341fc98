using System.CommandLine;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli.Remote;

/// <summary>The options of all commands that connect to a running host.</summary>
internal sealed class AdminOptions
{
    private const string UrlVariable = "PROXY_ADMIN";
    private const string TokenVariable = "PROXY_ADMIN_TOKEN";
    private const string DefaultUrl = "http://127.0.0.1:9099";

    private readonly Option<string> _url;

    // There is no option for the token itself, because every user of the machine can see the arguments of a program.
    private readonly Option<string?> _tokenFile = new("--token-file")
    {
        Description = $"A file that contains the admin token; by default the token is the environment variable {TokenVariable}.",
    };
    private readonly Option<string?> _authority = new("--authority")
    {
        Description = "A PEM file with the certificate authorities to trust, for https.",
    };
    private readonly Option<string?> _certificate = new("--certificate")
    {
        Description = "A PEM file with a client certificate and its key, if the host requires a client certificate.",
    };

    /// <param name="url">The name of the option for the URL.</param>
    /// <param name="required">Whether the command needs a host, so that the URL has a default.</param>
    public AdminOptions(string url = "--admin", bool required = true)
    {
        _url = new Option<string>(url)
        {
            Description = $"The URL of the host's admin endpoint; by default the environment variable {UrlVariable}, or {DefaultUrl}.",
        };
        if (required)
        {
            _url.DefaultValueFactory = static _ => Environment.GetEnvironmentVariable(UrlVariable) ?? DefaultUrl;
        }
        else
        {
            _url.Description = "Compares with a running host: the URL of its admin endpoint.";
        }
    }

    public void AddTo(Command command)
    {
        command.Add(_url);
        command.Add(_tokenFile);
        command.Add(_authority);
        command.Add(_certificate);
    }

    /// <summary>Whether the command line gives a URL, or there is a default.</summary>
    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_url) is not null;

    /// <exception cref="AdminException">The URL, the token or a certificate file is invalid.</exception>
    public AdminClient Connect(ParseResult parsed) => Connect(parsed, parsed.GetValue(_url)!, null);

    /// <summary>Connects to a URL that was not given as an option.</summary>
    /// <param name="parsed">The command line, whose token and certificate files are used.</param>
    /// <param name="url">The URL.</param>
    /// <param name="token">The token, unless the command line or the environment has one.</param>
    /// <exception cref="AdminException">The URL, the token or a certificate file is invalid.</exception>
    public AdminClient Connect(ParseResult parsed, string url, string? token) =>
        AdminClient.Create(url, Token(parsed) ?? token, parsed.GetValue(_authority), parsed.GetValue(_certificate));

    private string? Token(ParseResult parsed) =>
        parsed.GetValue(_tokenFile) is { } file ? Read(file) : Environment.GetEnvironmentVariable(TokenVariable);

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AdminException($"The token file cannot be read: {exception.Message}", ExitCode.BadInput);
        }
    }
}
