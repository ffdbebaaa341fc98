using System.CommandLine;

namespace Proxy.Host.Cli;

/// <summary>The standard options of ASP.NET Core programs. <c>WebApplicationFactory</c> passes them to a program that it starts.</summary>
internal sealed class ApplicationOptions
{
    private readonly Option<DirectoryInfo> _contentRoot = new Option<DirectoryInfo>("--contentRoot")
    {
        Description =
            "The folder to which relative paths of configuration files and of Kestrel's certificates refer; by default the current folder.",
    }.AcceptExistingOnly();
    private readonly Option<string?> _environment = new("--environment")
    {
        Description = "The environment name (IHostEnvironment.EnvironmentName), for libraries in the program.",
        DefaultValueFactory = static _ => Environments.Production,
    };
    private readonly Option<string?> _applicationName = new("--applicationName")
    {
        Description = "The application name (IHostEnvironment.ApplicationName), for libraries in the program.",
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
