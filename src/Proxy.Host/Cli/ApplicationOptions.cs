using System.CommandLine;

namespace Proxy.Host.Cli;

/// <summary>The options that every ASP.NET Core program takes. <c>WebApplicationFactory</c> passes them to a program that it starts.</summary>
internal sealed class ApplicationOptions
{
    private readonly Option<DirectoryInfo> _contentRoot = new Option<DirectoryInfo>("--contentRoot")
    {
        Description =
            "The folder where relative names of configuration files and of Kestrel's certificates start; the current one by default.",
    }.AcceptExistingOnly();
    private readonly Option<string?> _environment = new("--environment")
    {
        Description = "The name of the environment that libraries in the program are told.",
        DefaultValueFactory = static _ => Environments.Production,
    };
    private readonly Option<string?> _applicationName = new("--applicationName")
    {
        Description = "The name of the application that libraries in the program are told.",
        DefaultValueFactory = static _ => typeof(ApplicationOptions).Assembly.GetName().Name,
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_contentRoot);
        command.Options.Add(_environment);
        command.Options.Add(_applicationName);
    }

    public WebApplicationOptions Read(ParseResult parsed) =>
        new()
        {
            ContentRootPath = parsed.GetValue(_contentRoot)?.FullName,
            EnvironmentName = parsed.GetValue(_environment),
            ApplicationName = parsed.GetValue(_applicationName),
        };
}
